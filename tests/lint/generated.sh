#!/usr/bin/env bash
# usage: generated.sh DOCGEN: the committed pages are what the tables make. `cmake --build --preset dev --target docs` mends it.
set -euo pipefail
docgen=$1
docs=$(cd "$(dirname "$0")/../../docs" && pwd)
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$docgen" pages "$made"
status=0
for page in "$made"/*.md; do
  diff -u "$docs/$(basename "$page")" "$page" || status=1
done
exit $status
