#!/usr/bin/env bash
# Measures the pipeline on real Kafka and Redis: tests/bench/run.sh [--quick] [--json FILE] [--latency-seconds N]
# Builds release, preloads the generator's events (100,000 with --quick, else 1,000,000), prints a table; FILE gets the same as JSON.
set -euo pipefail
cd "$(dirname "$0")/../.."
deploy/packages.sh test
cmake --preset release >/dev/null
cmake --build --preset release >/dev/null
VOC_BIN_DIR=$PWD/build/release/bin exec /usr/bin/python3 tests/bench/bench.py "$@"
