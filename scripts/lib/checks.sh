# Checks before any change. All checks run, so that one run reports all problems.
# shellcheck shell=bash

PROBLEMS=0
passed() { [ "$QUIET" = 1 ] || printf '✓ %s\n' "$(t "$@")"; }
failed() {
  PROBLEMS=$((PROBLEMS + 1))
  printf '✗ %s\n' "$(t "$@")" >&2
}

check_machine() {
  check_root
  check_systemd
  check_node
  check_source
  check_disk
  check_account
  check_ports
  [ "$PROBLEMS" = 0 ] || die checks_failed
}

check_root() { if [ "$(id -u)" = 0 ]; then passed root_ok; else failed root_missing; fi; }

check_systemd() {
  if [ -d /run/systemd/system ] && command -v systemctl >/dev/null; then
    passed systemd_ok "$(systemctl --version | awk 'NR == 1 { print $2 }')"
  else
    failed systemd_missing
  fi
}

# The service has no access to home folders (ProtectHome=), so it cannot use a Node.js of a version manager there.
check_node() {
  local node version
  if ! node=$(readlink -f "$(command -v node)"); then
    failed node_missing
    return
  fi
  version=$("$node" --version)
  case $node in
    /root/* | /home/* | /run/user/*) failed node_in_home "$node" ;;
    *)
      if "$node" -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'; then
        passed node_ok "$version" "$node"
      else
        failed node_old "$version"
      fi
      ;;
  esac
}

check_source() {
  if is_release "$SOURCE_DIR"; then
    passed source_release "$SOURCE_DIR"
  elif [ ! -f "$SOURCE_DIR/package-lock.json" ] || [ ! -d "$SOURCE_DIR/src" ]; then
    failed source_missing "$SOURCE_DIR"
  elif ! command -v npm >/dev/null; then
    failed npm_missing
  else
    passed source_clone "$SOURCE_DIR"
  fi
}

check_disk() {
  local before=$PROBLEMS
  require_space "$PREFIX" 200
  require_space "$DATA_DIR" 50
  require_space "$LOG_DIR" 50
  is_release "$SOURCE_DIR" || require_space "${TMPDIR:-/var/tmp}" 700
  [ "$PROBLEMS" != "$before" ] || passed disk_ok
}

# require_space PATH MEGABYTES: checks the file system of PATH or of its nearest existing parent.
require_space() {
  local path=$1 free
  while [ ! -d "$path" ]; do path=$(dirname "$path"); done
  free=$(($(df -Pk "$path" | awk 'NR == 2 { print $4 }') / 1024))
  [ "$free" -ge "$2" ] || failed disk_full "$path" "$free" "$2"
}

# An existing login account of that name must not be used.
check_account() {
  local home
  home=$(getent passwd "$ACCOUNT" | cut -d: -f6) || true
  case $home in
    '' | "$DATA_DIR") passed account_ok "$ACCOUNT" ;;
    *) failed account_foreign "$ACCOUNT" "$home" "$DATA_DIR" ;;
  esac
}

# configured KEY DEFAULT: a top-level value of the installed configuration.
configured() {
  local value=
  [ ! -r "$CONFIG_FILE" ] || value=$(sed -n "s/^$1:[[:space:]]*[\"']\{0,1\}\([^[:space:]\"'#]*\).*/\1/p" "$CONFIG_FILE" | tail -n 1)
  printf '%s' "${value:-$2}"
}

# Checks the ports of config.yaml, or of the config.yaml to be written. The metrics port counts only if metrics are enabled.
check_ports() {
  local host
  host=$(configured host 0.0.0.0)
  check_port "$(configured port "${PORT:-8080}")" "$host" port_busy
  if [ ! -e "$CONFIG_FILE" ] || [ "$(configured metrics false)" = true ]; then
    check_port "$(configured metrics-port "${METRICS_PORT:-9090}")" "$(configured metrics-host 127.0.0.1)" metrics_port_busy
  fi
}

# check_port PORT HOST MESSAGE
check_port() {
  if ! is_stopped; then
    passed port_ours "$1"
  elif ! command -v node >/dev/null || can_listen "$1" "$2"; then
    passed port_ok "$1"
  else
    failed "$3" "$1" "$(port_holder "$1")"
  fi
}

can_listen() {
  node -e 'const [port, host] = process.argv.slice(1);
    const server = require("node:net").createServer().once("error", (error) => process.exit(error.code === "EADDRINUSE" ? 1 : 0));
    server.listen({ port: Number(port), host }, () => server.close());' "$1" "$2"
}

port_holder() { ss -Hltnp "sport = :$1" 2>/dev/null | grep -o '"[^"]*",pid=[0-9]*' | head -n 1 || true; }
