#!/usr/bin/env bash
# The same files for arm64, on another processor: built with Debian's cross compiler and Debian's arm64 libraries, run under qemu-user: the unit tests,
# a few with pages of 64 KiB, the contract's aggregates and decoder, every label of the evaluation's rows beside what this processor says, and the whole
# pipeline against the oracle. On a fresh Debian 12; nothing is skipped. The last line is "N passed, N failed".
#
#   tests/arm64.sh            about three minutes on two calm cores where tests/run.sh has built already
#   tests/arm64.sh --images   the images, of deploy/Dockerfile --platform linux/arm64: needs Docker with buildx
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD build=$PWD/build/arm64 libraries=$PWD/build/arm64-root
programs=(voc-classifier voc-aggregator voc-alerter vocctl)
services=("${programs[@]:0:3}")
passed=0 failed=0
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
out=$build/results
mkdir -p "$out"

give_up() {
  echo "tests/arm64.sh: $*" >&2
  echo "$passed passed, $((failed + 1)) failed"
  exit 1
}

# note WHAT PASSED FAILED SINCE
note() {
  passed=$((passed + $2)) failed=$((failed + $3))
  printf '%-38s %5d passed %3d failed %4d s\n' "$1" "$2" "$3" $((SECONDS - $4))
}

# check WHAT COMMAND...: one test
check() {
  local what=$1 began=$SECONDS
  shift
  if "$@" >"$out/check.log" 2>&1; then note "$what" 1 0 "$began"; else tail -n 30 "$out/check.log"; note "$what" 0 1 "$began"; fi
}

sum() { # LOG PATTERN
  grep -aoE "$2" "$1" | grep -oE '[0-9]+' | awk '{ n += $1 } END { print n + 0 }'
}

# unit WHAT OPTIONS: those of ctest; each case of cmocka counts
unit() {
  local what=$1 began=$SECONDS log=$out/unit.log status good bad
  shift
  ctest --test-dir "$build" --no-tests=error -V -j "$(nproc)" "$@" >"$log" 2>&1
  status=$?
  good=$(sum "$log" '\[  PASSED  \] [0-9]+ test\(s\)') bad=$(sum "$log" '\[  FAILED  \] [0-9]+ test\(s\)')
  [ "$status" = 0 ] || grep -aE '\[  FAILED|ERROR: |\*\*\*|error:' "$log" | head -40
  [ "$status" = 0 ] || [ "$bad" -gt 0 ] || bad=1
  note "$what" "$good" "$bad" "$began"
}

# pipes WHAT TEST...: pytest's, with what is built for arm64
pipes() {
  local what=$1 began=$SECONDS log=$out/pytest.log status good bad
  shift
  VOC_BIN_DIR=$build/emulated/bin /usr/bin/python3 -m pytest -p no:cacheprovider -q "$@" >"$log" 2>&1
  status=$?
  [ "$status" = 0 ] || tail -n 60 "$log"
  good=$(tail -1 "$log" | sum /dev/stdin '[0-9]+ passed') bad=$(tail -1 "$log" | sum /dev/stdin '[0-9]+ (failed|error)')
  [ "$status" = 0 ] && [ "$good" -gt 0 ] || [ "$bad" -gt 0 ] || bad=1
  note "$what" "$good" "$bad" "$began"
}

# The kernel need not know what to do with arm64's programs: each is started by one of the same name that does.
emulate() {
  local program
  rm -rf "$build/emulated"
  mkdir -p "$build/emulated/bin" "$build/emulated/tests"
  for program in bin/{voc-classifier,voc-aggregator,voc-alerter,voc-devbroker,vocctl} tests/{voc-aggregate-driver,voc-decode-driver}; do
    printf '#!/bin/sh\nexec qemu-aarch64-static -L "%s" "%s" "$@"\n' "$libraries" "$build/$program" >"$build/emulated/$program"
    chmod +x "$build/emulated/$program"
  done
}

build_both() {
  local tests
  mapfile -t tests < <(cd tests/unit && printf '%s\n' test_*.c | sed 's/^/unit_/; s/\.c$//')
  cmake -G Ninja -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DVOC_TESTS=ON -DCMAKE_TOOLCHAIN_FILE="$root/deploy/aarch64.cmake" -DVOC_SYSROOT="$libraries" &&
    cmake --build "$build" --target "${programs[@]}" voc-devbroker voc-aggregate-driver voc-decode-driver "${tests[@]}" &&
    cmake --preset asan && cmake --build --preset asan --target "${programs[@]}"
}

is_arm64() {
  local file
  for file in "$@"; do
    readelf -h "$file" | grep -q 'Machine: *AArch64' || { echo "$file is for another processor"; return 1; }
  done
}

# What the programs say, told apart by nothing.
both_say() {
  local arguments=("$@") program=$1
  "build/asan/bin/$program" "${arguments[@]:1}" >"$out/here" 2>&1 </dev/null || return 1
  "$build/emulated/bin/$program" "${arguments[@]:1}" >"$out/there" 2>&1 </dev/null || return 1
  [ -s "$out/here" ] && cmp "$out/here" "$out/there"
}

both_help() {
  local program command
  for program in "${programs[@]}"; do both_say "$program" --help && both_say "$program" --print-config || return 1; done
  for program in "${services[@]:0:2}"; do both_say "$program" --check || return 1; done
  for command in $(build/asan/bin/vocctl --help | grep -oE '^  [a-z][a-z-]+  +[A-Z]' | grep -oE '[a-z-]+'); do both_say vocctl "$command" --help || return 1; done
}

both_classify() { # the rows of the evaluation, every score and word of evidence
  local data=${VOC_DATA_DIR:-$root/../shared/data} rows=$out/rows.ndjson
  cat tests/eval/samples/*.jsonl tests/eval/samples/written/*.jsonl "$data/dev-pool.jsonl" 2>/dev/null >"$rows.all"
  /usr/bin/python3 -c 'import json, sys
for number, line in enumerate(sys.stdin):
    print(json.dumps({"id": str(number), "text": json.loads(line)["text"]}, ensure_ascii=False))' <"$rows.all" >"$rows" || return 1
  build/asan/bin/vocctl classify --ndjson <"$rows" >"$out/here" && "$build/emulated/bin/vocctl" classify --ndjson <"$rows" >"$out/there" || return 1
  [ "$(wc -l <"$rows")" -gt 1000 ] && [ "$(wc -l <"$out/here")" = "$(wc -l <"$rows")" ] && cmp "$out/here" "$out/there"
}

run_here() {
  deploy/packages.sh test && deploy/packages.sh cross || give_up "the packages could not be installed"
  local began=$SECONDS
  deploy/packages.sh unpack arm64 "$libraries" >"$out/unpack.log" 2>&1 || { tail -n 20 "$out/unpack.log"; give_up "arm64's libraries could not be had"; }
  echo "arm64's libraries: $((SECONDS - began)) s"
  began=$SECONDS
  build_both >"$out/build.log" 2>&1 || { tail -n 40 "$out/build.log"; give_up "it does not build for arm64"; }
  echo "built: $((SECONDS - began)) s"
  emulate
  export VOC_MODEL=$root/services/classifier/model.bin VOC_PHRASES=$root/services/classifier/phrases.txt VOC_GAPS=$root/deploy/gaps.json
  export VOC_RULES=$root/deploy/rules.json VOC_TEXTS=$root/services/vocctl/gen-texts.ndjson
  check "programs are arm64's" is_arm64 "${programs[@]/#/$build/bin/}"
  check "hardened as on amd64" tests/lint/hardening.sh --release "${programs[@]/#/$build/bin/}"
  unit "unit tests" -L '^unit$'
  QEMU_PAGESIZE=65536 unit "the model's, with pages of 64 KiB" -R '^unit\.test_(model|classify|normalize|process_guard|reload)$'
  check "helps, settings and checks as on amd64" both_help
  check "labels, scores, evidence as on amd64" both_classify
  check "generated events as on amd64" both_say vocctl gen --seed 7 --start 2026-11-01 --events 5000
  pipes "aggregates and decoder" tests/contract/test_aggregate.py tests/contract/test_decode.py
  pipes "the pipeline, against the oracle" tests/system/test_pipeline.py -k test_real_text_equals_the_oracle
}

# image PROGRAM: built across, as the Dockerfile says; unpacked below $out/image/PROGRAM. The layers that the four share are made once.
image() {
  local program=$1 folder=$out/image/$1 tag=voc/$1:arm64-test-$$ container
  rm -rf "$folder" && mkdir -p "$folder" || return 1
  docker build -q --platform linux/arm64 -f deploy/Dockerfile --target "$program" -t "$tag" . || return 1
  [ "$(docker image inspect -f '{{.Os}} {{.Architecture}} {{.Config.User}}' "$tag")" = "linux arm64 65532:65532" ] || return 1
  docker image inspect -f '{{.Size}}' "$tag" >"$out/$program.size"
  container=$(docker create --platform linux/arm64 "$tag") && docker export "$container" | tar -x -C "$folder"
  docker rm -f "$container" && docker rmi "$tag"
}

# Of the image's own files alone: a library that is missing is nowhere else.
inside() {
  local program=$1
  qemu-aarch64-static -L "$out/image/$program" "$out/image/$program/usr/bin/$program" "${@:2}"
}

holds_one_program() {
  local program=$1 folder=$out/image/$1
  is_arm64 "$folder/usr/bin/$program" "$folder"/lib/aarch64-linux-gnu/* "$folder/lib/ld-linux-aarch64.so.1" || return 1
  [ "$(find "$folder/usr/bin" "$folder/usr/share" -type f -perm -100 -printf "%f ")" = "$program " ] || { find "$folder/usr" -type f -perm -100; return 1; }
  grep -q 'librdkafka1@[^"]*arch=arm64' "$folder/usr/share/doc/$program/sbom.spdx.json" && ! grep -q 'arch=amd64' "$folder/usr/share/doc/$program/sbom.spdx.json"
}

run_images() {
  local program
  docker info >/dev/null 2>&1 || give_up "docker's engine does not answer (docker info)"
  docker buildx version >/dev/null 2>&1 || give_up "docker has no buildx: it can't build for another processor"
  deploy/packages.sh cross || give_up "the packages could not be installed"
  for program in "${programs[@]}"; do
    check "$program's image" image "$program"
    [ "$failed" = 0 ] || give_up "an image could not be built"
    check "$program: $(awk '{ printf "%.1f MB", $1 / 1e6 }' "$out/$program.size"), arm64's alone" holds_one_program "$program"
    check "$program runs" inside "$program" --print-config
  done
  check "voc-classifier reads its model" inside voc-classifier --check
  check "vocctl classifies" eval 'inside vocctl classify --json "No complaints, great crew today" | grep -q satisfaction'
}

case "${1:-}" in
"") run_here ;;
--images) run_images ;;
*) give_up "no such option: $1" ;;
esac
echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
