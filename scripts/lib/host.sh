# Prepares the host: account, folders, first configuration and, with --tune, host limits.
# shellcheck shell=bash

SYSCTL_FILE=/etc/sysctl.d/90-rpc-dart-router.conf
LIMITS_FILE=/etc/security/limits.d/rpc-dart-router.conf

make_account() {
  getent group "$ACCOUNT" >/dev/null || groupadd --system "$ACCOUNT"
  getent passwd "$ACCOUNT" >/dev/null ||
    useradd --system --gid "$ACCOUNT" --home-dir "$DATA_DIR" --no-create-home \
      --shell /usr/sbin/nologin --comment 'RPC Dart Router' "$ACCOUNT"
}

make_directories() {
  install -d -m 755 -o root -g root "$PREFIX" "$CONFIG_DIR"
  install -d -m 750 -o "$ACCOUNT" -g "$ACCOUNT" "$LOG_DIR" "$RUN_DIR" "$DATA_DIR"
  install -d -m 700 -o "$ACCOUNT" -g "$ACCOUNT" "$PM2_DIR"
}

# make_config VERSION_FOLDER: writes config.yaml from the option table of that version.
make_config() {
  local text
  text=$(node "$1/scripts/lib/sample-config.mjs" "$CHOSEN_LANGUAGE" "$PORT" "$METRICS_PORT")
  printf '%s\n' "$text" >"$CONFIG_FILE.new"
  chmod 644 "$CONFIG_FILE.new"
  mv "$CONFIG_FILE.new" "$CONFIG_FILE"
}

# as_service COMMAND...: runs as the user of the service, without the caller's environment, which may contain ROUTER_*.
as_service() {
  env -i PATH="$SYSTEM_PATH" HOME="$DATA_DIR" PM2_HOME="$PM2_DIR" LANG="${LC_ALL:-${LANG:-C.UTF-8}}" \
    setpriv --reuid "$ACCOUNT" --regid "$ACCOUNT" --init-groups -- "$@"
}

# tune_host: installs the kernel and login limits of deploy/host. Kernel values that a container may not set are only a warning.
tune_host() {
  install -m 644 -o root -g root "$SOURCE_DIR/deploy/host/sysctl.conf" "$SYSCTL_FILE"
  install -m 644 -o root -g root "$SOURCE_DIR/deploy/host/limits.conf" "$LIMITS_FILE"
  sysctl --quiet --load "$SYSCTL_FILE" || warn sysctl_refused "$SYSCTL_FILE"
}

remove_tuning() { rm -f "$SYSCTL_FILE" "$LIMITS_FILE"; }

# Lists the data of an installation that exists: folders, drop-ins of the operator, the account.
existing_data() {
  local path list=
  for path in "$CONFIG_DIR" "$LOG_DIR" "$DATA_DIR" "$DROPIN_DIR"; do
    [ ! -e "$path" ] || list+="${list:+, }$path"
  done
  ! getent passwd "$ACCOUNT" >/dev/null || list+="${list:+, }$(t the_user "$ACCOUNT")"
  printf '%s' "$list"
}

remove_data() {
  rm -rf "$DROPIN_DIR"
  rm -rf "$CONFIG_DIR" "$LOG_DIR" "$DATA_DIR"
  ! getent passwd "$ACCOUNT" >/dev/null || userdel "$ACCOUNT"
  ! getent group "$ACCOUNT" >/dev/null || groupdel "$ACCOUNT"
}
