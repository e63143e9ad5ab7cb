#!/usr/bin/env bash
# Builds release/rpc-dart-router-VERSION.tar.gz: the program with its dependencies, for an installation without a network by
# `sudo bash scripts/install-production.sh`. Contains no platform-specific binaries.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
LIB_DIR=$ROOT/scripts/lib
# shellcheck source=lib/ui.sh
. "$LIB_DIR/ui.sh"
# shellcheck source=lib/assemble.sh
. "$LIB_DIR/assemble.sh"
load_messages ''

output=$ROOT/release
case ${1:-} in
  '') ;;
  --output) output=${2:?--output needs a folder} ;;
  *)
    echo "usage: release.sh [--output FOLDER]" >&2
    exit 2
    ;;
esac

name=rpc-dart-router-$(json_field "$ROOT/package.json" version)
stage=$(mktemp -d "${TMPDIR:-/var/tmp}/rpc-dart-router-release.XXXXXX")
trap 'rm -rf "$stage"' EXIT
assemble "$ROOT" "$stage/$name" || die build_failed

# Reproducible: names are sorted; owner and times are fixed.
mkdir -p "$output"
tar -C "$stage" --sort=name --owner=root:0 --group=root:0 --mtime=@0 -cf - "$name" | gzip -n >"$output/.$name.tar.gz"
mv "$output/.$name.tar.gz" "$output/$name.tar.gz"
(cd "$output" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
echo "$output/$name.tar.gz"
