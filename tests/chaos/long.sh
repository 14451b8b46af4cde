#!/usr/bin/env bash
# Overload, on a release build: tests/chaos/long.sh redis-off | backlog | hot-customer | dead-endpoint [OPTIONS], see tests/chaos/long.py --help.
# Minutes to hours; docs/RELIABILITY.md has the figures of one run each.
set -euo pipefail
cd "$(dirname "$0")/../.."
deploy/packages.sh test
cmake --preset release >/dev/null
cmake --build --preset release >/dev/null
VOC_BIN_DIR=${VOC_BIN_DIR:-$PWD/build/release/bin} exec /usr/bin/python3 -u tests/chaos/long.py "$@"
