#!/bin/sh
# Deletes packages from a Release Server. Needs a POSIX shell and curl.
set -eu

usage() {
  cat <<'USAGE'
usage: delete.sh [-u URL] [-t TOKEN] NAME…

Deletes each package NAME.

  -u, --url URL      address of the server, with its path prefix if it has one
                     (default: $RELEASE_SERVER_URL, or http://127.0.0.1:8000)
  -t, --token TOKEN  the token (default: $RELEASE_SERVER_TOKEN; better, for other
                     users of the machine can read a command line)
  -h, --help         show this

Exits with 0 when all are deleted, with 1 when one is not, with 2 when called wrong.
USAGE
}

die() {
  printf 'delete.sh: %s\n' "$1" >&2
  exit "${2:-2}"
}

url=${RELEASE_SERVER_URL:-http://127.0.0.1:8000}
token=${RELEASE_SERVER_TOKEN:-}
while [ $# -gt 0 ]; do
  case $1 in
    -u | --url) [ $# -ge 2 ] || die "$1 needs a value"; url=$2; shift 2 ;;
    -t | --token) [ $# -ge 2 ] || die "$1 needs a value"; token=$2; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    --) shift; break ;;
    -?*) die "unknown option $1; see --help" ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || die 'no name given; see --help'
[ -n "$token" ] || die 'no token: set RELEASE_SERVER_TOKEN or give --token'
command -v curl >/dev/null 2>&1 || die 'curl is not installed' 1
url=${url%/}

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# The token reaches curl by its standard input, never by its command line.
curl_config() {
  printf 'header = "Authorization: Bearer '
  printf '%s' "$token" | sed 's/[\\"]/\\&/g'
  printf '"\n'
}

# Every byte but the plain ones as %XX.
encode() {
  case $1 in
    *[!A-Za-z0-9._~@-]*) printf '%s' "$1" | od -An -v -tx1 | tr -d '\n' | sed 's/ /%/g' ;;
    *) printf '%s' "$1" ;;
  esac
}

delete() {
  : >"$answer"
  status=$(curl_config | curl --config - --silent --show-error --globoff --request DELETE \
    --output "$answer" --write-out '%{http_code}' "$url/assets/$(encode "$1")") || {
    printf '%s: %s cannot be reached\n' "$1" "$url" >&2
    return 1
  }
  [ "$status" != 204 ] || { printf '%s: deleted\n' "$1"; return 0; }
  detail=$(sed -nE 's/.*"detail":"(([^"\\]|\\.)*)".*/\1/p' "$answer" | head -n 1)
  printf '%s: %s %s\n' "$1" "$status" "${detail:-from $url, which does not answer like a Release Server}" >&2
  return 1
}

failed=0
for name in "$@"; do
  delete "$name" || failed=1
done
exit "$failed"
