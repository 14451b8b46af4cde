#!/usr/bin/env bash
# Measures the built classifier on rows that it was not trained on, and holds the figures against tests/eval/floors.txt.
#   VOC_DATA_DIR   the data (default: ../shared/data beside the repository)
#   VOC_BUILD_DIR  a build with vocctl (default: build/dev)
set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
exec python3 tests/eval/evaluate.py --data "${VOC_DATA_DIR:-../shared/data}" \
	--vocctl "${VOC_BUILD_DIR:-build/dev}/bin/vocctl" --floors tests/eval/floors.txt "$@"
