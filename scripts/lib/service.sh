# The systemd service: its unit, its drop-in and its health check.
# shellcheck shell=bash disable=SC2034 # HEALTH and DOWNTIME_MS are read by the scripts that source this

START_TIMEOUT_S=30
HEALTH=
DOWNTIME_MS=0
SINCE_MS=0

# generate_unit: lets `pm2 startup` write and enable the unit. --preserve-symlinks-main keeps …/current/… in its paths instead
# of one version. The unit rarely changes, since all settings of the router are in the drop-in.
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

# Keeps a unit of this name from another source (the Dart router had one) as .replaced.
keep_foreign_unit() { [ ! -f "$UNIT_FILE" ] || is_generated || mv "$UNIT_FILE" "$UNIT_FILE.replaced"; }

# install_unit: installs the drop-in before the unit, so that the unit is never active without it.
install_unit() {
  install -D -m 644 -o root -g root "$CURRENT/systemd/$SERVICE.conf" "$DROPIN_FILE" &&
    { is_generated || generate_unit; } &&
    systemctl daemon-reload
}

unit_digest() { cat "$UNIT_FILE" "$DROPIN_FILE" 2>/dev/null | sha256sum; }

is_running() { systemctl is-active --quiet "$SERVICE"; }

# True if the service neither runs nor starts, stops or waits for a restart; also true if it does not exist.
is_stopped() { [[ $(systemctl show -P ActiveState "$SERVICE" 2>/dev/null) =~ ^(inactive|failed|)$ ]]; }

# healthy SECONDS: checks the router on its control socket and on its port, for up to SECONDS.
healthy() { node "$CURRENT/scripts/lib/health-check.mjs" "$CONTROL_SOCKET" "$1"; }

start_service() {
  systemctl reset-failed "$SERVICE" 2>/dev/null || true
  systemctl start "$SERVICE"
}

# activate ID: switches to a version. Fails if that version does not become healthy. Adds to DOWNTIME_MS.
# Callers use it as a condition, which disables `set -e`: && checks every step.
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

# has_workers: true if the running router has several workers.
has_workers() {
  is_running && as_service "$CURRENT/dist/main.js" --daemon-status --json 2>/dev/null | grep '"workers"' >/dev/null
}

# roll_to ID: switches to a version without an interruption: the running router replaces its workers one at a time. Fails
# without workers, if the unit changes (its settings apply to new processes only), or if the workers of that version do not
# become healthy; a full restart can follow.
roll_to() {
  local digest
  has_workers || return
  digest=$(unit_digest)
  switch_to "$1" &&
    install_unit &&
    [ "$digest" = "$(unit_digest)" ] &&
    link_commands &&
    as_service "$CURRENT/dist/main.js" --daemon-restart --rolling &&
    HEALTH=$(healthy "$START_TIMEOUT_S")
}

# show_journal: prints the journal of the service since the last activation.
show_journal() { journalctl -u "$SERVICE" --since "@$((SINCE_MS / 1000))" -n 40 --no-pager -o cat >&2 || true; }

# Keeps a service of the same name from another source.
remove_service() {
  if is_generated || [ -e "$DROPIN_FILE" ]; then
    systemctl disable --now "$SERVICE" 2>/dev/null || true
    ! is_generated || rm -f "$UNIT_FILE"
    rm -f "$DROPIN_FILE"
  fi
  # Drop-ins of the operator (`systemctl edit`) stay until --purge.
  rmdir "$DROPIN_DIR" 2>/dev/null || true
  systemctl daemon-reload
  systemctl reset-failed "$SERVICE" 2>/dev/null || true
  rm -rf "$RUN_DIR"
}
