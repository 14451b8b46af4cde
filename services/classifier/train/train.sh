#!/usr/bin/env bash
# Trains the classifier: from the data sets to services/classifier/model.bin, the same bytes each time.
#   VOC_DATA_DIR   the data (default: ../shared/data beside the repository)
#   VOC_BUILD_DIR  a build with voc-train (default: build/dev)
#   VOC_TRAIN_CACHE  a folder that keeps the signals, which change seldom: the same bytes, sooner
# usage: train.sh [--corrections FILE] [--out FILE]
#   --corrections  rows that people corrected, as `vocctl` exports them
#   --out          another place for the model; its figures of left-out domains then go to FILE.left-out.json
# Needs python3 and numpy. Takes about a minute of one core.
set -euo pipefail
cd "$(dirname "$0")/../../.."
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
out=services/classifier/model.bin left_out=services/classifier/train/left-out.json more=()
[ -z "${VOC_TRAIN_CACHE:-}" ] || more+=(--cache "$VOC_TRAIN_CACHE")
while [ $# -gt 0 ]; do
	case "$1" in
	--corrections) more+=(--corrections "${2:?}") ;;
	--out) out=${2:?} left_out=$2.left-out.json ;;
	*) echo "usage: train.sh [--corrections FILE] [--out FILE]" >&2; exit 2 ;;
	esac
	shift 2
done
exec /usr/bin/python3 services/classifier/train/train.py \
	--data "${VOC_DATA_DIR:-../shared/data}" \
	--tool "${VOC_BUILD_DIR:-build/dev}/bin/voc-train" \
	--phrases services/classifier/phrases.txt \
	--out "$out" --left-out "$left_out" "${more[@]}"
