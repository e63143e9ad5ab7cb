# The versions under /opt/rpc-dart-router: adds a version, switches between two, removes the others.
# shellcheck shell=bash

STAGING=$VERSIONS_DIR/.staging

# stage_application: installs the version of the source beside the running version. Sets NEW to its id.
stage_application() {
  if is_release "$SOURCE_DIR"; then
    NEW=$(json_field "$SOURCE_DIR/release.json" id)
    is_intact "$SOURCE_DIR" || die release_damaged "$SOURCE_DIR"
    ! is_intact "$VERSIONS_DIR/$NEW" || return 0
  fi
  install -d -m 755 -o root -g root "$PREFIX" "$VERSIONS_DIR"
  rm -rf "$STAGING"
  if is_release "$SOURCE_DIR"; then
    cp -a --no-preserve=ownership "$SOURCE_DIR" "$STAGING"
  else
    assemble "$SOURCE_DIR" "$STAGING" || build_failed
    NEW=$(json_field "$STAGING/release.json" id)
  fi
  chmod -R u=rwX,go=rX "$STAGING"
  rm -rf "${VERSIONS_DIR:?}/$NEW"
  sync -f "$STAGING"
  mv "$STAGING" "$VERSIONS_DIR/$NEW"
}

# Removes the empty folders of a failed first installation.
build_failed() {
  rm -rf "$STAGING"
  rmdir "$VERSIONS_DIR" "$PREFIX" 2>/dev/null || true
  die build_failed
}

# is_installed: true if any part of an installation exists, apart from its data.
is_installed() { [ -e "$PREFIX" ] || [ -e "$DROPIN_FILE" ] || [ -e "$SYSCTL_FILE" ] || [ -e "$LIMITS_FILE" ]; }

# is_intact FOLDER: true if the files of the version match its digest.
is_intact() {
  is_release "$1" || return
  local id version
  id=$(json_field "$1/release.json" id)
  version=$(json_field "$1/release.json" version)
  [ "$id" = "$version-$(tree_digest "$1")" ]
}

# linked LINK: the id of the version that a link points to; empty without one.
linked() { [ ! -d "$1" ] || basename "$(readlink -f "$1")"; }

# link LINK ID: replaces the link by a rename, so that it always exists.
link() {
  ln -sfn "versions/$2" "$1.new" &&
    mv -fT "$1.new" "$1"
}

# switch_to ID: makes a version the current one, and the current one the previous one.
switch_to() {
  local old
  old=$(linked "$CURRENT")
  [ "$old" != "$1" ] || return 0
  if [ -n "$old" ]; then link "$PREVIOUS" "$old" || return; fi
  link "$CURRENT" "$1" &&
    sync -f "$PREFIX"
}

# Removes all versions except the current one, the previous one, and those of running processes: after upgrades without an
# interruption, the parent of the workers is older than they are.
prune_versions() {
  local version
  for version in "$VERSIONS_DIR"/*; do
    case $(basename "$version") in
      "$(linked "$CURRENT")" | "$(linked "$PREVIOUS")") ;;
      *) in_use "$version" || rm -rf "$version" ;;
    esac
  done
}

# in_use FOLDER: true if a process runs in the folder, or runs a program of it.
in_use() {
  local process
  for process in /proc/[0-9]*; do
    case "$(readlink "$process/cwd" 2>/dev/null)/ $(tr '\0' ' ' 2>/dev/null <"$process/cmdline")" in
      *"$1"/*) return 0 ;;
    esac
  done
  return 1
}

# Keeps a command of the same name from another source, for example a global pm2.
link_commands() {
  local name target
  for name in "${!COMMANDS[@]}"; do
    target=$CURRENT/${COMMANDS[$name]}
    if [ "$(readlink "$BIN_DIR/$name")" = "$target" ]; then
      continue
    elif [ -e "$BIN_DIR/$name" ]; then
      warn command_taken "$BIN_DIR/$name"
    else
      ln -sf "$target" "$BIN_DIR/$name"
    fi
  done
}

unlink_commands() {
  local name
  for name in "${!COMMANDS[@]}"; do
    [ "$(readlink "$BIN_DIR/$name")" != "$CURRENT/${COMMANDS[$name]}" ] || rm -f "$BIN_DIR/$name"
  done
}
