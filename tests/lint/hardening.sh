#!/usr/bin/env bash
# usage: hardening.sh [--release] BINARY...: what the compiler and the linker put around each: PIE, no writable and executable memory, relocations that are
# read-only from the start (RELRO, BIND_NOW), stack protector; and with --release calls that are checked (FORTIFY).
set -uo pipefail
release=
[ "${1:-}" = --release ] && { release=1; shift; }
[ $# -gt 0 ] || { echo "usage: hardening.sh [--release] BINARY..." >&2; exit 2; }
status=0

# want BINARY WHAT TEXT PATTERN
want() {
  grep -Eq "$4" <<<"$3" || { echo "$1: no $2"; status=1; }
}

for binary in "$@"; do
  header=$(LC_ALL=C readelf -hW "$binary") || exit 1
  segments=$(LC_ALL=C readelf -lW "$binary")
  dynamic=$(LC_ALL=C readelf -dW "$binary")
  symbols=$(LC_ALL=C readelf --dyn-syms -W "$binary")
  want "$binary" "position-independent code (PIE)" "$header" 'Type: +DYN'
  want "$binary" "RELRO" "$segments" 'GNU_RELRO'
  want "$binary" "immediate binding (BIND_NOW)" "$dynamic" 'BIND_NOW|FLAGS_1.*NOW'
  want "$binary" "stack that can't be executed" "$segments" 'GNU_STACK.* RW +0x'
  want "$binary" "stack protector" "$symbols" '__stack_chk_fail'
  [ -z "$release" ] || want "$binary" "checked calls (FORTIFY)" "$symbols" '__(snprintf|vsnprintf|memcpy|memmove|memset|read|printf|fprintf)_chk'
  grep -Eq 'LOAD.* RWE ' <<<"$segments" && { echo "$binary: memory that is writable and executable"; status=1; }
done
exit $status
