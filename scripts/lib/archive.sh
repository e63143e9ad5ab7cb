# The backup archive: configuration and data, with paths relative to /.
# shellcheck shell=bash

ARCHIVED=("${CONFIG_DIR#/}" "${DATA_DIR#/}")

# State of PM2 for running processes, and its own log.
NOT_ARCHIVED=(--exclude='*.sock' --exclude='*/.pm2/*.pid' --exclude='*/.pm2/pids' --exclude='*/.pm2/logs' --exclude='*/.pm2/*.log')

# write_archive FILE: creates the archive atomically, readable only by root since it contains tokens and keys.
write_archive() (
  umask 077
  trap 'rm -f "$1.part"' EXIT
  tar -C / "${NOT_ARCHIVED[@]}" -czf "$1.part" "${ARCHIVED[@]}" &&
    gzip -t "$1.part" &&
    sync "$1.part" &&
    mv "$1.part" "$1"
)

# foreign_entries FILE: lists entries that do not belong to a backup of this router.
foreign_entries() {
  tar -tzf "$1" | grep -Ev "^(${ARCHIVED[0]}|${ARCHIVED[1]})/|^${ARCHIVED[0]}$" || true
  tar -tzf "$1" | grep -E '(^|/)\.\.(/|$)' || true
}

# put_back FILE: replaces the contents of the two folders by those of the archive.
put_back() {
  find "$CONFIG_DIR" "$DATA_DIR" -mindepth 1 -delete &&
    tar -C / -xzf "$1" &&
    chown -R "$ACCOUNT:$ACCOUNT" "$DATA_DIR" &&
    make_directories
}
