#!/usr/bin/env bash
# usage: clang_tidy.sh BUILD_DIR [FILE...]: clang-tidy over the sources in BUILD_DIR/compile_commands.json; .clang-tidy has the checks.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
shift
if [ $# -gt 0 ]; then
  sources=("$@")
else
  mapfile -t sources < <(find common services tools -name '*.c' | sort)
fi
# Each file has a minute; clang-tidy knows gcc's flags but for a few.
printf '%s\n' "${sources[@]}" |
  xargs -P "$(nproc)" -n 1 timeout 60 clang-tidy-14 -p "$build" --quiet --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-unused-value 2>&1 |
  grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header-filter' || [ "${PIPESTATUS[1]}" = 0 ]
