# Builds an installable version from a clone: the program with its production dependencies.
# shellcheck shell=bash

# Files shipped beside dist/ and node_modules/, if they exist.
RELEASE_PARTS=(package.json package-lock.json README.md LICENSE CHANGELOG.md ecosystem.config.js scripts systemd deploy config docs)

# json_field FILE FIELD: a top-level value of a JSON file.
json_field() { node -p 'JSON.parse(fs.readFileSync(process.argv[1], "utf8"))[process.argv[2]] ?? ""' "$1" "$2"; }

# tree_digest FOLDER: a short digest of all files except release.json, which contains the digest.
tree_digest() (
  cd "$1" || exit
  find . -type f ! -path ./release.json -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12
)

is_release() { [ -f "$1/release.json" ] && [ -f "$1/dist/main.js" ] && [ -d "$1/node_modules" ]; }

# assemble CLONE TARGET: builds in a scratch folder and does not change the clone. Runs in a subshell, so that its trap removes
# the folder also on a signal. Callers use it as a condition, which disables `set -e`: && or || checks every step.
assemble() (
  ticker=
  scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/rpc-dart-router-build.XXXXXX") || exit
  trap '[ -z "$ticker" ] || kill "$ticker" 2>/dev/null; rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM HUP
  copy_clone "$1" "$scratch/clone" &&
    build_in "$scratch/clone" "$scratch/npm.log" &&
    collect "$scratch/clone" "$2" &&
    write_release_file "$1" "$2"
)

copy_clone() {
  mkdir "$2" &&
    tar -C "$1" --exclude=./node_modules --exclude=./dist --exclude=./.git --exclude=./release -cf - . |
    tar -C "$2" --no-same-owner -xf -
}

# collect BUILT TARGET: moves the installable parts.
collect() {
  local part
  mkdir -p "$2" || return
  for part in dist node_modules "${RELEASE_PARTS[@]}"; do
    [ ! -e "$1/$part" ] || mv "$1/$part" "$2/" || return
  done
}

# build_in CLONE LOG. Lifecycle scripts of dependencies are disabled: none is needed, and this may run as root. npm retries an
# unreachable registry once instead of for minutes.
build_in() {
  local npm=(npm --prefix "$1" --no-audit --no-fund --loglevel=error --fetch-retries=1)
  cd "$1" &&
    with_progress "$2" build_dependencies "${npm[@]}" ci --ignore-scripts &&
    with_progress "$2" build_compile "${npm[@]}" run --silent build &&
    with_progress "$2" build_prune "${npm[@]}" prune --omit=dev --ignore-scripts &&
    rm -f node_modules/.package-lock.json &&
    find node_modules -type d -empty -delete &&
    rm -rf scripts/generate scripts/generate.ts scripts/build.mjs
}

# with_progress LOG KEY COMMAND...: prints the text of KEY, and again with the elapsed seconds while COMMAND runs. The output
# of COMMAND goes to LOG; after a failure its last lines are printed.
with_progress() {
  local log=$1 key=$2 status=0
  shift 2
  note "$key"
  [ -p "$log.tick" ] || mkfifo "$log.tick" || return
  tick "$key" "$log.tick" &
  ticker=$!
  "$@" >"$log" 2>&1 </dev/null || status=$?
  kill "$ticker" 2>/dev/null
  wait "$ticker" 2>/dev/null || true
  ticker=
  [ $status = 0 ] || tail -n 15 "$log" | sed 's/^/    /' >&2
  return $status
}

# tick KEY FIFO: prints progress until it is killed or the script has ended. `read` of a FIFO without a writer sleeps without a
# child process; a process substitution in its place makes a killed bash print `wait_for: No record of process`.
tick() {
  local started=$SECONDS
  exec 8<>"$2"
  while kill -0 $$ 2>/dev/null; do
    read -r -t "${TICK_S:-10}" -u 8 || note build_still "$(t "$1")" $((SECONDS - started))
  done
}

write_release_file() {
  local clone=$1 target=$2 version commit digest
  version=$(json_field "$target/package.json" version) || return
  commit=$(git -c safe.directory='*' -C "$clone" rev-parse --short HEAD 2>/dev/null || true)
  chmod -R u+rwX,go+rX,go-w "$target" || return
  digest=$(tree_digest "$target") || return
  printf '{ "name": "rpc-dart-router", "version": "%s", "id": "%s", "commit": "%s" }\n' \
    "$version" "$version-$digest" "$commit" >"$target/release.json"
}
