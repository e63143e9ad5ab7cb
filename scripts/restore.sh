#!/usr/bin/env bash
# Restores configuration and data from a backup. Saves the current state first and restores that state if the service does
# not start with the backup.
set -euo pipefail

LIB_DIR=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib" && pwd)
# shellcheck source=lib/settings.sh
. "$LIB_DIR/settings.sh"
# shellcheck source=lib/ui.sh
. "$LIB_DIR/ui.sh"
# shellcheck source=lib/application.sh
. "$LIB_DIR/application.sh"
# shellcheck source=lib/host.sh
. "$LIB_DIR/host.sh"
# shellcheck source=lib/service.sh
. "$LIB_DIR/service.sh"
# shellcheck source=lib/archive.sh
. "$LIB_DIR/archive.sh"

file=
language=
while [ $# -gt 0 ]; do
  case $1 in
    --lang)
      [ -n "${2:-}" ] || wrong_usage restore_usage needs_value "$1"
      language=$2
      shift
      ;;
    --lang=*) language=${1#*=} ;;
    --quiet | -q) QUIET=1 ;;
    -*) wrong_usage restore_usage unknown_option "$1" ;;
    *) file=$1 ;;
  esac
  shift
done
check_language "$language" || wrong_usage restore_usage bad_language "$language"
load_messages "$language"
if [ -z "$file" ]; then
  warn restore_usage
  exit 2
fi

check_backup() {
  local foreign
  [ "$(id -u)" = 0 ] || die root_missing
  [ -n "$(linked "$CURRENT")" ] || die restore_not_installed
  tar -tzf "$file" >/dev/null 2>&1 || die restore_unreadable "$file"
  foreign=$(foreign_entries "$file" | head -n 3 | paste -sd ' ')
  [ -z "$foreign" ] || die restore_foreign "$file" "$foreign"
}

# restart_with FILE: stops the service, restores FILE, starts the service and measures the downtime until it is healthy.
restart_with() {
  local status
  SINCE_MS=$(now_ms)
  systemctl stop "$SERVICE" && put_back "$1" && start_service && HEALTH=$(healthy "$START_TIMEOUT_S")
  status=$?
  DOWNTIME_MS=$((DOWNTIME_MS + $(now_ms) - SINCE_MS))
  return $status
}

check_backup
safety=/var/backups/rpc-router-config-before-restore-$(date +%Y%m%d-%H%M%S).tar.gz
mkdir -p /var/backups
step restore_safety "$safety"
write_archive "$safety"
step restore_replace
if ! restart_with "$file"; then
  show_journal
  warn restore_failed
  restart_with "$safety" || die rollback_failed "$safety"
  exit 1
fi
say restore_done "$HEALTH" "$(seconds "$DOWNTIME_MS")"
