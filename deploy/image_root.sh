#!/usr/bin/env bash
# Makes the root of an image that holds one program and nothing else: image_root.sh INSTALLED PROGRAM ROOT
#
# Runs in the Dockerfile's build stage. The program, the libraries that it loads (with the loader, wherever this processor's Debian
# has it), certificates, /tmp, the files in PREFIX/share/voc that it reads, and an SBOM (SPDX 2.3) of the Debian packages they are from.
set -euo pipefail
installed=$1 program=$2 root=$3
binary=$installed/usr/bin/$program
readelf=$(command -v readelf || command -v aarch64-linux-gnu-readelf) # the cross compiler brings its own

case $("$readelf" -h "$binary" | sed -n 's/^ *Machine: *//p') in
AArch64) architecture=arm64 folder=/lib/aarch64-linux-gnu ;;
*X86-64) architecture=amd64 folder=/lib/x86_64-linux-gnu ;;
*) echo "$binary: for a processor that this knows nothing of" >&2; exit 1 ;;
esac

# The loader, and the libraries, theirs too. Read from the files: ldd would run them, and they may be another processor's.
loaded() {
  local waiting=("$1") seen=" " name path
  "$readelf" -l "$1" | sed -n 's/.*program interpreter: \(.*\)]$/\1/p'
  while [ ${#waiting[@]} -gt 0 ]; do
    path=${waiting[0]} waiting=("${waiting[@]:1}")
    for name in $("$readelf" -d "$path" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'); do
      [[ $seen = *" $name "* || $name = ld-linux-* ]] && continue
      [ -e "$folder/$name" ] || { echo "$name, which $path loads, is not in $folder" >&2; return 1; }
      seen="$seen$name " waiting+=("$folder/$name")
      echo "$folder/$name"
    done
  done
}

mkdir -p "$root/usr/bin" "$root/usr/share/voc" "$root/usr/share/doc/$program" "$root/etc/ssl/certs" "$root/usr/lib/ssl" "$root/run" "$root/tmp"
chmod 1777 "$root/tmp"
cp "$binary" "$root/usr/bin/"
found=$(loaded "$binary")
mapfile -t libraries < <(sort -u <<<"$found")
cp -L --parents "${libraries[@]}" "$root/"

share=$installed/usr/share/voc
cp -R "$share/." "$root/usr/share/voc/"
case $program in # the large files only where they are read
voc-classifier) rm -rf "$root/usr/share/voc/gen-texts.ndjson" "$root/usr/share/voc/schemas" ;;
voc-aggregator | voc-alerter) rm -rf "$root/usr/share/voc/"{gen-texts.ndjson,schemas,model.bin,phrases.txt} ;;
esac

# The zones that rules may name (VOC_ZONEINFO), not their copies by other names and with leap seconds.
zones=()
case $program in
voc-aggregator | vocctl)
  zones=(tzdata)
  mkdir -p "$root/usr/share/zoneinfo"
  for area in Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific Etc UTC; do
    cp -RL "/usr/share/zoneinfo/$area" "$root/usr/share/zoneinfo/"
  done
  ;;
esac

# Where libcurl and OpenSSL (librdkafka, hiredis) look.
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
ln -s /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
printf 'root:x:0:0:root:/:/nologin\nvoc:x:65532:65532:voc:/:/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nvoc:x:65532:\n' >"$root/etc/group"

# Which packages the files are from. /lib is /usr/lib by another name, and dpkg knows only one of the two.
owner() {
  local name
  for name in "$(realpath "$1")" "$1" "/usr$1"; do
    dpkg-query -S "$name" 2>/dev/null | head -1 | sed 's/: .*//' && return
  done
}
mapfile -t packages < <({ for library in "${libraries[@]}"; do owner "$library"; done; echo ca-certificates; printf '%s\n' "${zones[@]}"; } | grep . | sort -u)

version=$(sed -n 's/^project(voc VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
spdx() {
  local package name reference
  printf '{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT","name":"%s-%s",\n' "$program" "$version"
  printf ' "documentNamespace":"urn:voc:%s:%s","creationInfo":{"created":"1970-01-01T00:00:00Z","creators":["Tool: image_root.sh"]},\n' \
    "$program" "$(sha256sum "$binary" | cut -c1-64)"
  printf ' "packages":[\n  {"SPDXID":"SPDXRef-%s","name":"%s","versionInfo":"%s","downloadLocation":"NOASSERTION","filesAnalyzed":false,"licenseDeclared":"Apache-2.0"}' \
    "$program" "$program" "$version"
  for package in "${packages[@]}"; do
    name=${package%%:*}
    printf ',\n  {"SPDXID":"SPDXRef-deb-%s","name":"%s","versionInfo":"%s","downloadLocation":"NOASSERTION","filesAnalyzed":false,' \
      "${name//[^A-Za-z0-9.-]/-}" "$name" "$(dpkg-query -W -f '${Version}' "$package")"
    printf '"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:deb/debian/%s@%s?arch=%s"}]}' \
      "$name" "$(dpkg-query -W -f '${Version}' "$package" | sed 's/+/%2B/g; s/:/%3A/g; s/~/%7E/g')" "$architecture"
  done
  printf '],\n "relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-%s"}' "$program"
  for package in "${packages[@]}"; do
    name=${package%%:*}
    reference=${name//[^A-Za-z0-9.-]/-}
    printf ',\n  {"spdxElementId":"SPDXRef-%s","relationshipType":"DYNAMIC_LINK","relatedSpdxElement":"SPDXRef-deb-%s"}' "$program" "$reference"
  done
  printf ']}\n'
}
spdx >"$root/usr/share/doc/$program/sbom.spdx.json"
for package in "${packages[@]}"; do # their licences go where they go
  name=${package%%:*}
  [ ! -e "/usr/share/doc/$name/copyright" ] || cp -L --parents "/usr/share/doc/$name/copyright" "$root/"
done
