#!/usr/bin/env bash
# Counts the instructions of the hot paths per event, whatever the machine's noise, and compares them with instructions.tsv.
#
#   tests/bench/instructions.sh            fails if a count is more than 3 % off, up or down
#   tests/bench/instructions.sh --accept   writes the counts that there are now: say in the commit why they changed
#
# classify is the classifier's step (decode, classify, encode), classify_rules the same without the model (VOC_MODEL=off),
# aggregate the aggregator's (decode, apply, the command for Redis), each over tests/bench/events.ndjson with the committed
# model, phrases and rules: a change of these counts, too.
# librdkafka, hiredis and the kernel are not in it. A build of its own: -O3, no LTO, so that a count has one cause.
set -euo pipefail
cd "$(dirname "$0")/../.."
counts=tests/bench/instructions.tsv
build=${VOC_COUNT_BUILD:-build/instructions}
rounds=2

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DVOC_TESTS=ON >"$build.log" 2>&1 &&
  cmake --build "$build" --target bench_step >>"$build.log" 2>&1 || { tail -n 20 "$build.log" >&2; exit 1; }

# count PATH FUNCTION MODEL: what callgrind collects in the function, as a line of the file
count() {
  collected=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect="$2" "$build/bin/bench_step" \
    "$3" services/classifier/phrases.txt deploy/gaps.json deploy/rules.json tests/bench/events.ndjson $rounds 2>&1 >/dev/null |
    sed -n 's/.*Collected : \([0-9]*\)$/\1/p')
  printf '%s\t%d\n' "$1" $((collected / (events * (rounds + 1)))) >>"$measured"
}

events=$(wc -l <tests/bench/events.ndjson)
measured=$(mktemp)
trap 'rm -f "$measured"' EXIT
count classify classify_line services/classifier/model.bin
count classify_rules classify_line off
count aggregate aggregate_batch services/classifier/model.bin

if [ "${1:-}" = --accept ]; then
  { printf 'path\tinstructions per event\n'; cat "$measured"; } >"$counts"
  cat "$counts"
  exit 0
fi
awk -F '\t' '
  NR == FNR { was[$1] = $2; next }
  !($1 in was) { print $1 ": not in the file of counts"; bad = 1; next }
  { change = 100 * ($2 - was[$1]) / was[$1]; off = change > 3 || change < -3; bad += off
    printf "%-14s %7d instructions per event, %d are on file: %+.1f %%%s\n", $1, $2, was[$1], change, off ? "  <- more than 3 %" : "" }
  END { if (bad) print "if that is meant: tests/bench/instructions.sh --accept, and say in the commit why"; exit bad > 0 }' "$counts" "$measured"
