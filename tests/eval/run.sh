#!/usr/bin/env bash
# Measures the built classifier on rows that it was not trained on; with --floors, holds the figures against
# tests/eval/floors.txt.
#   VOC_DATA_DIR   the data sets (default: ../shared/data beside the repository)
#   VOC_BIN_DIR    where vocctl is (default: build/dev/bin)
set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 tests/eval/evaluate.py --data "${VOC_DATA_DIR:-../shared/data}" \
	--vocctl "${VOC_BIN_DIR:-build/dev/bin}/vocctl" "$@"
