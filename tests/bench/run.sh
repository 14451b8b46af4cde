#!/usr/bin/env bash
# Measures the pipeline on a real Kafka and a real Redis: tests/bench/run.sh [PART...] [--quick] [--json FILE] [--help]
# Builds release first. VOC_BIN_DIR=FOLDER measures the programs that are there instead, and builds nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
for argument in "$@"; do
  case $argument in -h | --help) exec /usr/bin/python3 tests/bench/bench.py "$argument" ;; esac
done
deploy/packages.sh test
if [ -z "${VOC_BIN_DIR:-}" ]; then
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  if ! { cmake --preset release && cmake --build --preset release; } >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "run.sh: the release build failed" >&2
    exit 1
  fi
  rm -f "$log"
  trap - EXIT
  export VOC_BIN_DIR=$PWD/build/release/bin
fi
exec /usr/bin/python3 tests/bench/bench.py "$@"
