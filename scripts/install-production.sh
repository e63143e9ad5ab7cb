#!/usr/bin/env bash
# Installs rpc-dart-router as a hardened systemd service, or upgrades an installation. Runs from a clone or from an unpacked
# release (needs no network). Steps and reasons: docs/production.md.
# Exit codes: 0 done, 1 failed (nothing changed, or the previous version runs again), 2 wrong usage.
set -euo pipefail

SOURCE_DIR=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
LIB_DIR=$SOURCE_DIR/scripts/lib
# shellcheck source=lib/settings.sh
. "$LIB_DIR/settings.sh"
# shellcheck source=lib/ui.sh
. "$LIB_DIR/ui.sh"
# shellcheck source=lib/assemble.sh
. "$LIB_DIR/assemble.sh"
# shellcheck source=lib/checks.sh
. "$LIB_DIR/checks.sh"
# shellcheck source=lib/application.sh
. "$LIB_DIR/application.sh"
# shellcheck source=lib/host.sh
. "$LIB_DIR/host.sh"
# shellcheck source=lib/service.sh
. "$LIB_DIR/service.sh"

ACTION=install
PURGE=0
TUNE=0
PORT=
METRICS_PORT=
LANGUAGE=

parse_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --rollback) ACTION=rollback ;;
      --uninstall) ACTION=uninstall ;;
      --purge) PURGE=1 ;;
      --tune) TUNE=1 ;;
      --dry-run) DRY_RUN=1 ;;
      --quiet | -q) QUIET=1 ;;
      --port | --metrics-port | --lang)
        [ -n "${2:-}" ] || wrong_usage usage needs_value "$1"
        case $1 in --port) PORT=$2 ;; --metrics-port) METRICS_PORT=$2 ;; --lang) LANGUAGE=$2 ;; esac
        shift
        ;;
      --port=*) PORT=${1#*=} ;;
      --metrics-port=*) METRICS_PORT=${1#*=} ;;
      --lang=*) LANGUAGE=${1#*=} ;;
      --help) ACTION=help ;;
      *) wrong_usage usage unknown_option "$1" ;;
    esac
    shift
  done
  check_language "$LANGUAGE" || wrong_usage usage bad_language "$LANGUAGE"
  check_number "$PORT"
  check_number "$METRICS_PORT"
  [ $PURGE = 0 ] || [ $ACTION = uninstall ] || wrong_usage usage purge_alone
}

check_number() {
  if ! [[ $1 =~ ^([1-9][0-9]{0,4})?$ ]] || [ "${1:-1}" -gt 65535 ]; then wrong_usage usage bad_port "$1"; fi
}

main() {
  parse_arguments "$@"
  load_messages "$LANGUAGE"
  case $ACTION in
    help) t usage && echo ;;
    install) install_or_upgrade ;;
    rollback) roll_back ;;
    uninstall) uninstall ;;
  esac
}

install_or_upgrade() {
  check_machine
  lock
  local old
  old=$(linked "$CURRENT")
  NEW='?'
  if step stage "$VERSIONS_DIR"; then stage_application; fi
  prepare_host
  if [ "$DRY_RUN" = 1 ]; then
    dry_run_rest "$old"
    return
  fi
  accept_configuration
  if [ "$NEW" = "$old" ]; then
    refresh "$old"
  elif [ -n "$old" ]; then
    upgrade "$old"
  else
    first_install
  fi
  prune_versions
  summary
}

# Excludes concurrent installations. Child processes of a killed installation keep the lock, too.
lock() {
  [ "$DRY_RUN" = 0 ] || return 0
  exec 9>/run/lock/rpc-dart-router-install.lock
  flock --timeout 5 9 || die locked
}

prepare_host() {
  if ! getent passwd "$ACCOUNT" >/dev/null; then
    if step make_account "$ACCOUNT" "$DATA_DIR"; then make_account; fi
  fi
  if step make_directories; then make_directories; fi
  if [ ! -e "$CONFIG_FILE" ]; then
    if step make_config "$CONFIG_FILE"; then make_config "$VERSIONS_DIR/$NEW"; fi
  fi
  if [ $TUNE = 1 ]; then
    if step tune "$SYSCTL_FILE" "$LIMITS_FILE"; then tune_host; fi
  fi
}

dry_run_rest() {
  step write_unit "$UNIT_FILE" "$DROPIN_FILE" || true
  step link_commands "${!COMMANDS[*]}" "$BIN_DIR" || true
  if [ -n "$1" ]; then step upgrade "$1" '…' || true; else step start "$SERVICE" || true; fi
  say dry_run_done
}

# Checks the configuration with the new version before the old one is stopped.
accept_configuration() {
  local answer
  answer=$(as_service node "$VERSIONS_DIR/$NEW/dist/main.js" --check-config --config "$CONFIG_FILE" 2>&1) || {
    printf '%s\n' "$answer" >&2
    die config_refused "$CONFIG_FILE"
  }
}

first_install() {
  step start "$SERVICE"
  if ! activate "$NEW"; then
    show_journal
    systemctl stop "$SERVICE" || true
    die install_failed
  fi
}

upgrade() {
  local old=$1 before
  before=$(linked "$PREVIOUS")
  step upgrade "$old" "$NEW"
  trap 'trap - EXIT; undo_upgrade "$old" "$before"; exit 1' EXIT
  trap 'exit 130' INT TERM HUP
  roll_to "$NEW" || activate "$NEW" || {
    show_journal
    exit 1
  }
  trap - EXIT INT TERM HUP
  generate_unit
  say downtime "$(seconds "$DOWNTIME_MS")"
}

# undo_upgrade OLD BEFORE: starts OLD again and makes BEFORE the previous version again.
undo_upgrade() {
  warn rolling_back "$1"
  activate "$1" || {
    show_journal
    die rollback_failed "$1"
  }
  if [ -n "$2" ]; then link "$PREVIOUS" "$2"; else rm -f "$PREVIOUS"; fi
  prune_versions
  warn rolled_back "$1" "$(seconds "$DOWNTIME_MS")"
}

# The version is already installed: repair missing parts, restart only for a changed unit.
refresh() {
  local digest
  digest=$(unit_digest)
  generate_unit
  install_unit
  link_commands
  if [ "$digest" = "$(unit_digest)" ] && is_running && HEALTH=$(healthy 0 2>/dev/null); then
    say up_to_date "$1"
  else
    step start "$SERVICE"
    activate "$1" || {
      show_journal
      die install_failed
    }
  fi
}

# A rollback is an upgrade to the previous version, with the same check of the configuration.
roll_back() {
  local old
  check_root
  [ "$PROBLEMS" = 0 ] || die checks_failed
  lock
  old=$(linked "$CURRENT")
  NEW=$(linked "$PREVIOUS")
  [ -n "$NEW" ] || die nothing_previous
  if [ "$DRY_RUN" = 1 ]; then
    step upgrade "$old" "$NEW" || return 0
  fi
  accept_configuration
  upgrade "$old"
  summary
}

uninstall() {
  check_root
  [ "$PROBLEMS" = 0 ] || die checks_failed
  lock
  if is_installed; then remove_installation; else say not_installed; fi
  local data
  data=$(existing_data)
  if [ -z "$data" ]; then
    return 0
  elif [ $PURGE = 0 ]; then
    say data_kept "$data"
  elif step remove_data "$data"; then
    remove_data
  fi
}

remove_installation() {
  if step remove_service "$SERVICE"; then remove_service; fi
  if step remove_program "$PREFIX"; then
    unlink_commands
    remove_tuning
    rm -rf "$PREFIX"
  fi
}

summary() {
  local before
  before=$(linked "$PREVIOUS")
  say summary "$HEALTH" "$(linked "$CURRENT")" "${before:-—}" "$CONFIG_FILE" "$LOG_DIR" "$SERVICE" "$SERVICE"
}

main "$@"
