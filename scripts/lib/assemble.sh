# Turns a clone into what gets installed: the built program with its production dependencies, and nothing else.
# shellcheck shell=bash

# What goes along with dist/ and node_modules/, as far as it exists.
RELEASE_PARTS=(package.json package-lock.json README.md LICENSE CHANGELOG.md ecosystem.config.js scripts systemd deploy config docs)

# json_field FILE FIELD: a top-level value of a JSON file.
json_field() { node -p 'JSON.parse(fs.readFileSync(process.argv[1], "utf8"))[process.argv[2]] ?? ""' "$1" "$2"; }

# tree_digest FOLDER: a short name for exactly these bytes. release.json carries it and is left out of it.
tree_digest() (
  cd "$1" || exit
  find . -type f ! -path ./release.json -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12
)

is_release() { [ -f "$1/release.json" ] && [ -f "$1/dist/main.js" ] && [ -d "$1/node_modules" ]; }

# assemble CLONE TARGET: builds in a scratch folder; the clone is only read.
assemble() {
  local clone=$1 target=$2 scratch part
  scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/rpc-dart-router-build.XXXXXX")
  if tar -C "$clone" --exclude=./node_modules --exclude=./dist --exclude=./.git --exclude=./release -cf - . |
    tar -C "$scratch" --no-same-owner -xf - && build_in "$scratch"; then
    mkdir -p "$target"
    for part in dist node_modules "${RELEASE_PARTS[@]}"; do
      [ ! -e "$scratch/$part" ] || mv "$scratch/$part" "$target/" || return
    done
    write_release_file "$clone" "$target"
  fi
  local status=$?
  rm -rf "$scratch"
  return $status
}

# Lifecycle scripts of dependencies stay off: none is needed, and this may run as root.
build_in() {
  local npm=(npm --prefix "$1" --no-audit --no-fund --loglevel=error)
  (
    cd "$1" &&
      "${npm[@]}" ci --ignore-scripts &&
      "${npm[@]}" run --silent build &&
      "${npm[@]}" prune --omit=dev --ignore-scripts &&
      rm -f node_modules/.package-lock.json &&
      find node_modules -type d -empty -delete &&
      rm -rf scripts/generate
  ) >&2
}

write_release_file() {
  local clone=$1 target=$2 version commit
  version=$(json_field "$target/package.json" version) || return
  commit=$(git -c safe.directory='*' -C "$clone" rev-parse --short HEAD 2>/dev/null || true)
  chmod -R u+rwX,go+rX,go-w "$target" || return
  printf '{ "name": "rpc-dart-router", "version": "%s", "id": "%s", "commit": "%s" }\n' \
    "$version" "$version-$(tree_digest "$target")" "$commit" >"$target/release.json"
}
