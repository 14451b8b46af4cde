#!/usr/bin/env bash
# Installs Debian packages that are missing, as root or through sudo. The lists are here and nowhere else; README's commands call this.
#
#   packages.sh build|demo|test|cross   what building, the demo, the tests, or building for another processor and trying that takes
#   packages.sh image PROCESSOR         for the Dockerfile: what building takes; for arm64 on another processor, too
#   packages.sh unpack arm64 FOLDER     that processor's libraries, the tests' too, below FOLDER: nothing is installed, and root is not needed
set -euo pipefail

tools="cmake ninja-build ccache pkg-config tzdata"
libraries="libc6-dev librdkafka-dev libjansson-dev libhiredis-dev libcurl4-openssl-dev libssl-dev libutf8proc-dev libmicrohttpd-dev libxxhash-dev"
build="gcc $tools $libraries"
cross="$build gcc-aarch64-linux-gnu qemu-user-static"
demo="$build redis-server python3"
test="$build redis-server redis-sentinel faketime libcmocka-dev clang-14 libclang-rt-14-dev clang-format-14 clang-tidy-14 python3 python3-pytest
  python3-confluent-kafka python3-redis python3-jsonschema python3-xxhash python3-yaml python3-numpy python3-sklearn
  openjdk-17-jdk-headless maven man-db git openssl valgrind prometheus systemd python3-pip"
# From PyPI, since Debian has none of it; into a folder of the build tree, for /usr/bin/python3 and the tests alone.
test_python="kubernetes-validate==1.37.0 duckdb==1.4.1"

usage() {
  echo "usage: $0 build|demo|test|cross | image PROCESSOR | unpack PROCESSOR FOLDER" >&2
  exit 2
}

# Of another processor the libraries alone: two of one package's -dev do not always go side by side.
image_packages() {
  local here=$1 there=$2 library
  case $here:$there in
  "$here:$here") echo "$build" ;;
  *:arm64) echo "$tools gcc-aarch64-linux-gnu $(for library in $libraries; do echo "$library:arm64"; done)" ;;
  *) echo "$0: nothing is known of building for $there on $here: build on a machine of $there" >&2; return 1 ;;
  esac
}

# By apt, as it is set up here, with a state of its own in which nothing is installed. Whole or not at all.
unpack() {
  local processor=$1 folder=$2 wanted="$libraries libcmocka-dev" package link
  [ "$(cat "$folder/wanted" 2>/dev/null)" = "$processor $wanted" ] && return
  echo "unpacking $processor's libraries below $folder" >&2
  rm -rf "$folder" "$folder.new"
  mkdir -p "$folder.new/"{apt/lists/partial,archives/partial,usr/lib}
  ln -s usr/lib "$folder.new/lib"
  : >"$folder.new/status"
  local apt=(apt-get -qq -o "APT::Architecture=$processor" -o "APT::Architectures=$processor" -o APT::Install-Recommends=0 -o "Dir::State=$folder.new/apt"
    -o "Dir::State::status=$folder.new/status" -o "Dir::Cache=$folder.new" -o Debug::NoLocking=1 -o APT::Sandbox::User=)
  "${apt[@]}" update >&2 || true # a source that has nothing for it; what is missing is told below
  # shellcheck disable=SC2086
  "${apt[@]}" install -y --download-only $wanted >&2
  for package in "$folder.new/archives/"*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink --no-same-owner -C "$folder.new"
  done
  find "$folder.new" -type l -lname '/*' | while read -r link; do # as if it were the root
    ln -sfn "$(realpath -m --relative-to="${link%/*}" "$folder.new$(readlink "$link")")" "$link"
  done
  rm -rf "$folder.new/"{apt,archives,status,*.bin}
  echo "$processor $wanted" >"$folder.new/wanted"
  mv "$folder.new" "$folder"
}

case "${1:-}:$#" in
build:1 | demo:1 | test:1 | cross:1) wanted=${!1} ;;
image:2)
  here=$(dpkg --print-architecture)
  wanted=$(image_packages "$here" "$2")
  [ "$here" = "$2" ] || dpkg --add-architecture "$2"
  ;;
unpack:3)
  unpack "$2" "$3"
  exit
  ;;
*) usage ;;
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
