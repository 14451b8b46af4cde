#!/usr/bin/env bash
# Chaos against an oracle: seeded runs of the whole pipeline under faults (docs/RELIABILITY.md).
#
#   tests/chaos/run.sh [--runs N] [--seed S] [--jobs J] [--table FILE] [--log FILE] [--seeds S,S...] [--setups single,sentinel,cluster]
#   tests/chaos/run.sh --plan 'seed 21, single, 3000 events in ...'    one run again, from the line that it printed
#
# First the kept seeds (seeds.txt), then S, S+1, ...; N runs in all, J side by side. Three real Kafka brokers, real Redis, real services with
# fault points (preset chaos). Exit status 0 if every run equals the oracle. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -z "${VOC_BIN_DIR:-}" ]; then
  log=$(mktemp)
  cmake --preset chaos >"$log" 2>&1 && cmake --build --preset chaos >>"$log" 2>&1 || { tail -40 "$log" >&2; exit 1; }
  rm -f "$log"
fi
exec /usr/bin/python3 tests/chaos/campaign.py "$@"
