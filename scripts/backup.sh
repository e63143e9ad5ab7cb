#!/usr/bin/env bash
# Saves the configuration and the data of the installed router as rpc-router-config-YYYYMMDD.tar.gz (mode 600).
# The service goes on meanwhile. Logs and the program itself are not in it.
set -euo pipefail

LIB_DIR=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib" && pwd)
# shellcheck source=lib/settings.sh
. "$LIB_DIR/settings.sh"
# shellcheck source=lib/ui.sh
. "$LIB_DIR/ui.sh"
# shellcheck source=lib/archive.sh
. "$LIB_DIR/archive.sh"

output=.
language=
while [ $# -gt 0 ]; do
  case $1 in
    --output) output=${2:-} && shift ;;
    --lang) language=${2:-} && shift ;;
    --quiet | -q) QUIET=1 ;;
    *)
      load_messages "$language"
      warn backup_usage
      exit 2
      ;;
  esac
  shift
done
load_messages "$language"

[ "$(id -u)" = 0 ] || die root_missing
if [ ! -d "$CONFIG_DIR" ] || [ ! -d "$DATA_DIR" ]; then die backup_nothing "$CONFIG_DIR"; fi

file=$output
if [ -d "$output" ]; then
  file=$output/rpc-router-config-$(date +%Y%m%d).tar.gz
  # A second one on the same day does not replace the first.
  [ ! -e "$file" ] || file=$output/rpc-router-config-$(date +%Y%m%d-%H%M%S).tar.gz
fi
write_archive "$file"
say backup_done "$file" "$(du -h "$file" | cut -f1)"
