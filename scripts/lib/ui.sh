# Output of the scripts: two languages, quiet mode, dry run.
# shellcheck shell=bash

QUIET=${QUIET:-0}
DRY_RUN=${DRY_RUN:-0}
declare -A TEXT=()

# load_messages [LANGUAGE]: `ru` or `en`; by default from the locale.
load_messages() {
  local language=${1:-${LC_ALL:-${LC_MESSAGES:-${LANG:-en}}}}
  case $language in
    ru*) language=ru ;;
    *) language=en ;;
  esac
  # shellcheck disable=SC2034 # read by make_config
  CHOSEN_LANGUAGE=$language
  # shellcheck source=messages.en.sh
  . "$LIB_DIR/messages.$language.sh"
}

# t KEY [ARGUMENT]...: the text in the chosen language.
t() {
  local key=$1
  shift
  # shellcheck disable=SC2059 # the formats are ours
  printf -- "${TEXT[$key]:?no message called $key}" "$@"
}

say() { [ "$QUIET" = 1 ] || printf '%s\n' "$(t "$@")"; }
# note: prints progress on standard error, since a program may read standard output.
note() { [ "$QUIET" = 1 ] || printf '  %s\n' "$(t "$@")" >&2; }
warn() { printf '%s\n' "$(t "$@")" >&2; }
die() {
  warn "$@"
  exit 1
}

check_language() { [[ $1 =~ ^(|en|ru)$ ]]; }

# wrong_usage USAGE_KEY KEY [ARGUMENT]...: prints the mistake, then the usage, in the language selected so far.
wrong_usage() {
  local asked=${language:-${LANGUAGE:-}} usage=$1
  shift
  check_language "$asked" || asked=
  load_messages "$asked"
  warn "$@"
  warn "$usage"
  exit 2
}

# step KEY [ARGUMENT]...: prints a change before it is made. False in a dry run, so that `if step …; then` guards the change.
step() {
  if [ "$DRY_RUN" = 1 ]; then
    printf '%s %s\n' "$(t would)" "$(t "$@")"
    return 1
  fi
  [ "$QUIET" = 1 ] || printf '• %s\n' "$(t "$@")"
}

now_ms() { date +%s%3N; }

# seconds MILLISECONDS: 1234 becomes 1.23
seconds() { printf '%d.%02d' $(($1 / 1000)) $(($1 % 1000 / 10)); }
