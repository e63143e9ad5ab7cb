# The backup archive: configuration and data, as `tar -xzf FILE -C /` would put them back.
# shellcheck shell=bash

ARCHIVED=("${CONFIG_DIR#/}" "${DATA_DIR#/}")

# What PM2 keeps only for the processes that run now, and its own log.
NOT_ARCHIVED=(--exclude='*.sock' --exclude='*/.pm2/*.pid' --exclude='*/.pm2/pids' --exclude='*/.pm2/logs' --exclude='*/.pm2/*.log')

# write_archive FILE: readable by root alone, since tokens and keys are in it. Complete or not there at all.
write_archive() (
  umask 077
  trap 'rm -f "$1.part"' EXIT
  tar -C / "${NOT_ARCHIVED[@]}" -czf "$1.part" "${ARCHIVED[@]}" &&
    gzip -t "$1.part" &&
    sync "$1.part" &&
    mv "$1.part" "$1"
)

# foreign_entries FILE: names in it that a backup of ours cannot hold; nothing when it is one.
foreign_entries() {
  tar -tzf "$1" | grep -Ev "^(${ARCHIVED[0]}|${ARCHIVED[1]})/|^${ARCHIVED[0]}$" || true
  tar -tzf "$1" | grep -E '(^|/)\.\.(/|$)' || true
}

# put_back FILE: the two folders become what they are in the archive.
put_back() {
  find "$CONFIG_DIR" "$DATA_DIR" -mindepth 1 -delete &&
    tar -C / -xzf "$1" &&
    chown -R "$ACCOUNT:$ACCOUNT" "$DATA_DIR" &&
    make_directories
}
