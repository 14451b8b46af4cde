#!/usr/bin/env bash
# Trains the classifier: from the data sets to services/classifier/model.bin, the same bytes each time.
#   VOC_DATA_DIR   the data (default: ../shared/data beside the repository)
#   VOC_BUILD_DIR  a build with voc-features (default: build/dev)
# Needs python3 and liblinear-train (Debian: liblinear-tools). Takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/../../.."
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
exec python3 services/classifier/train/train.py \
	--data "${VOC_DATA_DIR:-../shared/data}" \
	--features "${VOC_BUILD_DIR:-build/dev}/bin/voc-features" \
	--phrases services/classifier/phrases.txt \
	--out "${1:-services/classifier/model.bin}"
