#!/usr/bin/env bash
# Saves the configuration and the data of the installed router as rpc-router-config-YYYYMMDD.tar.gz (mode 600).
# The service keeps running. The archive contains neither logs nor the program.
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
    --output | --lang)
      [ -n "${2:-}" ] || wrong_usage backup_usage needs_value "$1"
      case $1 in --output) output=$2 ;; --lang) language=$2 ;; esac
      shift
      ;;
    --output=*) output=${1#*=} ;;
    --lang=*) language=${1#*=} ;;
    --quiet | -q) QUIET=1 ;;
    *) wrong_usage backup_usage unknown_option "$1" ;;
  esac
  shift
done
check_language "$language" || wrong_usage backup_usage bad_language "$language"
load_messages "$language"
case $output in
  *.tar.gz) folder=$(dirname "$output") ;;
  *) folder=$output ;;
esac
[ -d "$folder" ] || wrong_usage backup_usage backup_no_folder "$output"

[ "$(id -u)" = 0 ] || die root_missing
if [ ! -d "$CONFIG_DIR" ] || [ ! -d "$DATA_DIR" ]; then die backup_nothing "$CONFIG_DIR"; fi

file=$output
if [ -d "$output" ]; then
  file=$output/rpc-router-config-$(date +%Y%m%d).tar.gz
  # A second backup on the same day gets another name.
  [ ! -e "$file" ] || file=$output/rpc-router-config-$(date +%Y%m%d-%H%M%S).tar.gz
fi
write_archive "$file"
say backup_done "$file" "$(du -h "$file" | cut -f1)"
