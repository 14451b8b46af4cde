#!/usr/bin/env bash
# usage: install_tree.sh BUILD_DIR: what `cmake --install` puts down is whole, and the programs in it run.
set -euo pipefail
build=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$build" --prefix "$prefix" >/dev/null

status=0
complain() {
  echo "$*" >&2
  status=1
}

expected="
share/voc/rules.json share/voc/gaps.json share/voc/model.bin share/voc/phrases.txt share/voc/gen-texts.ndjson share/voc/schemas
share/doc/voc/LICENSE share/doc/voc/CONFIG.md share/doc/voc/METRICS.md share/doc/voc/REASONS.md share/doc/voc/SEMANTICS.md
share/doc/voc/OPERATIONS.md share/doc/voc/examples/voc.env.example share/doc/voc/examples/webhooks.example.json"
for program in voc-classifier voc-aggregator voc-alerter voc-devbroker vocctl; do
  expected+=" bin/$program share/man/man1/$program.1"
done
for service in voc-classifier voc-aggregator voc-alerter; do
  expected+=" lib/systemd/system/$service.service"
done
for file in $expected; do
  [ -s "$prefix/$file" ] || complain "not installed: $file"
done

# Nothing but that: no tests, no headers, no build tools.
extra=$(cd "$prefix" && find . -type f | grep -vE '^\./(bin/(voc-(classifier|aggregator|alerter|devbroker)|vocctl)|share/(voc|doc/voc|man/man1)/.*|lib/systemd/system/voc-[a-z]+\.service)$' || true)
[ -z "$extra" ] || complain "installed unexpectedly: $extra"

for program in "$prefix"/bin/*; do
  name=$(basename "$program")
  version=$(env -i "$program" --version) || complain "$name --version failed"
  [[ "$version" == "$name "[0-9]*.[0-9]*.[0-9]* ]] || complain "$name --version says: $version"
  env -i "$program" --help | grep -q -- --print-config || complain "$name --help says nothing"
  env -i "$program" --print-config | grep -q '^VOC_LOG_LEVEL=info$' || complain "$name --print-config says nothing"
  if env -i VOC_LOG_LEVLE=x "$program" --check 2>"$prefix/said" || ! grep -q VOC_LOG_LEVEL "$prefix/said"; then
    complain "$name takes an unknown variable"
  fi
done

# The sample environment is one that every program takes, and the installed files are ones that --check takes.
checked=(VOC_MODEL="$prefix/share/voc/model.bin" VOC_PHRASES="$prefix/share/voc/phrases.txt" VOC_RULES="$prefix/share/voc/rules.json" VOC_GAPS="$prefix/share/voc/gaps.json"
  VOC_WEBHOOKS="$root/deploy/compose/secrets/webhooks.json")
mapfile -t sample < <(sed -nE 's/^#?(VOC_[A-Z_]+=.*)/\1/p' "$root/deploy/voc.env.example" | grep -v _FILE= | grep -v VOC_WEBHOOKS=)
for program in "$prefix"/bin/*; do
  env -i "${sample[@]}" "${checked[@]}" "$program" --check >"$prefix/said" 2>&1 || complain "$(basename "$program") --check: $(cat "$prefix/said")"
done

# Manpages and units are well-formed where there is something to tell.
for page in "$prefix"/share/man/man1/*.1; do
  grep -q '@[A-Z]*@' "$page" && complain "$page: a mark was left"
  said=$(LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null) || complain "$page does not render"
  [ -z "$said" ] || complain "$said"
done
for unit in "$prefix"/lib/systemd/system/*.service; do
  grep -q '@[A-Z_]*@' "$unit" && complain "$unit: a mark was left"
  grep -q "^ExecStart=/.*/bin/$(basename "$unit" .service)$" "$unit" || complain "$unit starts something else"
done
exit $status
