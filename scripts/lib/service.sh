# The systemd service: its unit, its drop-in, and the proof that it serves.
# shellcheck shell=bash disable=SC2034 # HEALTH and DOWNTIME_MS are read by the scripts that source this

START_TIMEOUT_S=30
HEALTH=
DOWNTIME_MS=0
SINCE_MS=0

# generate_unit: as `pm2 startup` writes and enables it. With --preserve-symlinks-main it names …/current/… and
# not one version, and as everything of ours is in the drop-in, it hardly ever changes.
generate_unit() {
  local scratch status=0
  keep_foreign_unit || return
  scratch=$(mktemp -d) || return
  env -i PATH="$SYSTEM_PATH" HOME="$scratch" PM2_HOME="$scratch" \
    node --preserve-symlinks-main "$CURRENT/node_modules/pm2/bin/pm2" startup systemd \
    -u "$ACCOUNT" --hp "$DATA_DIR" --service-name "$SERVICE" >"$scratch/output" 2>&1 || status=$?
  [ $status = 0 ] || cat "$scratch/output" >&2
  rm -rf "$scratch"
  return $status
}

is_generated() { grep -qs 'PM2 process manager' "$UNIT_FILE"; }

# A unit of this name that PM2 did not make (the Dart router had one) is kept for inspection.
keep_foreign_unit() { [ ! -f "$UNIT_FILE" ] || is_generated || mv "$UNIT_FILE" "$UNIT_FILE.replaced"; }

# install_unit: the drop-in of the current version comes first, so that the bare unit never stands alone.
install_unit() {
  install -D -m 644 -o root -g root "$CURRENT/systemd/$SERVICE.conf" "$DROPIN_FILE" &&
    { is_generated || generate_unit; } &&
    systemctl daemon-reload
}

unit_digest() { cat "$UNIT_FILE" "$DROPIN_FILE" 2>/dev/null | sha256sum; }

is_running() { systemctl is-active --quiet "$SERVICE"; }

# Neither running nor on its way there or back, and not about to be tried again. A service that is not there is stopped.
is_stopped() { [[ $(systemctl show -P ActiveState "$SERVICE" 2>/dev/null) =~ ^(inactive|failed|)$ ]]; }

# healthy SECONDS: asks the router itself, on its control socket and as a client on its port, for so long.
healthy() { node "$CURRENT/scripts/lib/health-check.mjs" "$CONTROL_SOCKET" "$1"; }

start_service() {
  systemctl reset-failed "$SERVICE" 2>/dev/null || true
  systemctl start "$SERVICE"
}

# activate ID: the whole switch. False when that version does not come up healthy. Adds to DOWNTIME_MS.
# It is called as a condition, where `set -e` is off: every step says by && that it may fail.
activate() {
  local status
  SINCE_MS=$(now_ms)
  { is_stopped || systemctl stop "$SERVICE"; } &&
    switch_to "$1" &&
    install_unit &&
    link_commands &&
    start_service &&
    HEALTH=$(healthy "$START_TIMEOUT_S")
  status=$?
  DOWNTIME_MS=$((DOWNTIME_MS + $(now_ms) - SINCE_MS))
  return $status
}

# show_journal: what the service said since the last activation began.
show_journal() { journalctl -u "$SERVICE" --since "@$((SINCE_MS / 1000))" -n 40 --no-pager -o cat >&2 || true; }

# A service of the same name that was not installed from here is left alone.
remove_service() {
  if is_generated || [ -e "$DROPIN_FILE" ]; then
    systemctl disable --now "$SERVICE" 2>/dev/null || true
    ! is_generated || rm -f "$UNIT_FILE"
    rm -f "$DROPIN_FILE"
  fi
  # An operator's own `systemctl edit` stays until --purge.
  rmdir "$DROPIN_DIR" 2>/dev/null || true
  systemctl daemon-reload
  systemctl reset-failed "$SERVICE" 2>/dev/null || true
  rm -rf "$RUN_DIR"
}
