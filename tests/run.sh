#!/usr/bin/env bash
# Every test, on a fresh Debian 12: installs what it needs, builds with ASan and UBSan, runs every suite.
#
#   tests/run.sh [SUITE ...]     unit component torture tsan lint contract fuzz-smoke tidy eval instructions system chaos-parts
#                    chaos demo; all of them by default
#
# Nothing is skipped: what could not run is a failure. VOC_DATA_DIR names the real text (default ../shared/data); without it
# the committed samples stand in, and the output says so. The last line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD

suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(unit component torture tsan lint tidy contract fuzz-smoke eval instructions system chaos-parts chaos demo)

deploy/packages.sh test || exit 1
export LC_ALL=C.UTF-8
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=0:detect_leaks=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
python=/usr/bin/python3 # Debian's, which has Debian's modules
out=build/test-results
rm -rf "$out"
mkdir -p "$out"

real=${VOC_DATA_DIR:-$root/../shared/data}
if [ -f "$real/dev-pool.jsonl" ]; then
  export VOC_DATA_DIR=$real
elif [ -n "${CI:-}" ]; then
  echo "no real text in $real: CI needs it (VOC_DATA_DIR)" >&2
  exit 1
else
  echo "no real text in $real: the committed samples stand in"
fi

build() {
  local target=all
  [ "$1" = tsan ] && target=tsan_tests # those in which threads meet
  cmake --preset "$1" >"$out/configure-$1.log" 2>&1 && cmake --build --preset "$1" --target "$target" >"$out/build-$1.log" 2>&1 && return
  tail -n 40 "$out/configure-$1.log" "$out/build-$1.log" >&2
  return 1
}

passed=0
failed=0
table=()

# note SUITE STATUS PASSED FAILED: a suite that ended badly has at least one failure, whatever it counted.
note() {
  local bad=$4
  [ "$2" = 0 ] || [ "$bad" -gt 0 ] || bad=1
  [ "$3" -gt 0 ] || [ "$bad" -gt 0 ] || bad=1 # it ran nothing
  passed=$((passed + $3))
  failed=$((failed + bad))
  table+=("$(printf '%-12s %6d passed %5d failed %6d s' "$1" "$3" "$bad" "$((SECONDS - began))")")
}

# sum LOG PATTERN: adds up the first number of every match.
sum() {
  grep -aoE "$2" "$1" | grep -oE '[0-9]+' | awk '{ n += $1 } END { print n + 0 }'
}

run_ctest() { # LABEL PRESET: counts cmocka's cases, or one a program where it has none
  local log=$out/$1.log status good bad
  ctest --test-dir "build/$2" -L "^$1\$" --no-tests=error -V -j 2 >"$log" 2>&1
  status=$?
  good=$(sum "$log" '\[  PASSED  \] [0-9]+ test\(s\)')
  bad=$(sum "$log" '\[  FAILED  \] [0-9]+ test\(s\)')
  [ "$good" -gt 0 ] || good=$(grep -cE 'Test +#[0-9]+: .* Passed' "$log")
  [ "$status" = 0 ] || grep -aE '\[  FAILED|ERROR: |SUMMARY: |\*\*\*|error:|runtime error' "$log" | head -60
  grep -qaE 'Skipped|SKIPPED' "$log" && { echo "$1: something was skipped" >&2; status=1; }
  note "$1" "$status" "$good" "$bad"
}

run_pytest() { # SUITE FOLDER
  local log=$out/$1.log status
  $python -m pytest -p no:cacheprovider -q -rA --durations=5 "$2" >"$log" 2>&1
  status=$?
  [ "$status" = 0 ] && tail -n 12 "$log" || tail -n 150 "$log"
  grep -qE '[0-9]+ (skipped|xfailed|deselected)' "$log" && { echo "$1: something was skipped" >&2; status=1; }
  note "$1" "$status" "$(tail -1 "$log" | sum /dev/stdin '[0-9]+ passed')" "$(tail -1 "$log" | sum /dev/stdin '[0-9]+ (failed|error)')"
}

run_chaos() { # RUNS: counts them
  local log=$out/chaos.log status
  tests/chaos/run.sh --runs "$1" --folder "$out/chaos" >"$log" 2>&1
  status=$?
  grep -v '^       ' "$log" | tail -n 40
  [ "$status" = 0 ] || grep -A8 '^FAILED' "$log" | cut -c1-400
  note chaos "$status" "$(tail -1 "$log" | sum /dev/stdin '[0-9]+ passed')" "$(tail -1 "$log" | sum /dev/stdin '[0-9]+ failed')"
}

run_command() { # SUITE COMMAND...: one test
  local suite=$1 status
  shift
  "$@" >"$out/$suite.log" 2>&1
  status=$?
  tail -n 25 "$out/$suite.log"
  note "$suite" "$status" $((status == 0)) $((status != 0))
}

for suite in "${suites[@]}"; do
  echo "== $suite"
  began=$SECONDS
  case $suite in
  fuzz-smoke) preset=fuzz ;;
  tsan) preset=tsan ;;
  chaos | chaos-parts) preset=chaos ;;
  *) preset=asan ;;
  esac
  if ! build "$preset"; then
    note "$suite" 1 0 1
    continue
  fi
  export VOC_BIN_DIR=$root/build/$preset/bin
  case $suite in
  unit | component | torture | tsan | lint | tidy | fuzz-smoke) run_ctest "$suite" "$preset" ;;
  contract | system) run_pytest "$suite" "tests/$suite" ;;
  chaos-parts) run_pytest chaos-parts tests/chaos ;;
  chaos) run_chaos 10 ;;
  eval) run_command eval tests/eval/run.sh --floors ;;
  instructions) run_command instructions tests/bench/instructions.sh ;;
  demo) run_command demo deploy/demo.sh --once ;;
  *) echo "no such suite: $suite" >&2; exit 2 ;;
  esac
done

echo
printf '%s\n' "${table[@]}"
echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
