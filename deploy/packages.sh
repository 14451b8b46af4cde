#!/usr/bin/env bash
# Installs Debian packages that are missing, as root or through sudo. Usage: packages.sh build|demo|test
# The lists are here and nowhere else; README's commands call this.
set -euo pipefail

build="gcc cmake ninja-build ccache pkg-config libc6-dev librdkafka-dev libjansson-dev libhiredis-dev libcurl4-openssl-dev
  libssl-dev libutf8proc-dev libmicrohttpd-dev libxxhash-dev tzdata"
demo="$build redis-server python3"
test="$build redis-server redis-sentinel faketime libcmocka-dev clang-14 libclang-rt-14-dev clang-format-14 clang-tidy-14 python3 python3-pytest
  python3-confluent-kafka python3-redis python3-jsonschema python3-xxhash python3-yaml python3-numpy python3-sklearn
  openjdk-17-jdk-headless maven man-db git openssl valgrind prometheus systemd python3-pip"
# From PyPI, since Debian has none of it; into a folder of the build tree, for /usr/bin/python3 and the tests alone.
test_python="kubernetes-validate==1.37.0 duckdb==1.4.1"

case "${1:-}" in
build | demo | test) wanted=${!1} ;;
*) echo "usage: $0 build|demo|test" >&2; exit 2 ;;
esac

missing=()
for package in $wanted; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
done

install_missing() {
  if [ "$(id -u)" = 0 ]; then
    as_root=()
  elif command -v sudo >/dev/null; then
    as_root=(sudo)
  else
    echo "these packages are missing, and there is neither root nor sudo to install them: ${missing[*]}" >&2
    exit 1
  fi
  echo "installing ${missing[*]}" >&2
  # redis-server's own service is not wanted here: every test and the demo start a private one.
  policy=/usr/sbin/policy-rc.d
  made_policy=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod +x "$policy"
    made_policy=1
  fi
  trap '[ -z "$made_policy" ] || "${as_root[@]}" rm -f "$policy"' EXIT
  "${as_root[@]}" apt-get update -qq >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# Whole or not at all: a folder that was left half made is not taken for one.
install_python() {
  local folder new
  folder=$(cd "$(dirname "$0")/.." && pwd)/build/test-python
  [ "$(cat "$folder/wanted" 2>/dev/null)" = "$test_python" ] && return
  new=$folder.$$
  echo "installing $test_python into $folder" >&2
  rm -rf "$new"
  # shellcheck disable=SC2086
  /usr/bin/python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$new" $test_python >&2
  echo "$test_python" >"$new/wanted"
  rm -rf "$folder"
  mv "$new" "$folder"
}

[ ${#missing[@]} = 0 ] || install_missing
[ "$1" != test ] || install_python
