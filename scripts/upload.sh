#!/bin/sh
# Publishes files to a Release Server. Needs a POSIX shell and curl.
set -eu

usage() {
  cat <<'USAGE'
usage: upload.sh [-u URL] [-t TOKEN] [-f] FILE…

Publishes each FILE under its own name. A file that is stored already with the same
bytes is a success; one with other bytes is a failure, unless it may be replaced.

  -u, --url URL      address of the server, with its path prefix if it has one
                     (default: $RELEASE_SERVER_URL, or http://127.0.0.1:8000)
  -t, --token TOKEN  the token (default: $RELEASE_SERVER_TOKEN; better, for other
                     users of the machine can read a command line)
  -f, --force        replace what is stored under the same name
  -h, --help         show this

Exits with 0 when all files are stored, with 1 when one is not, with 2 when called wrong.
USAGE
}

die() {
  printf 'upload.sh: %s\n' "$1" >&2
  exit "${2:-2}"
}

url=${RELEASE_SERVER_URL:-http://127.0.0.1:8000}
token=${RELEASE_SERVER_TOKEN:-}
query=
while [ $# -gt 0 ]; do
  case $1 in
    -u | --url) [ $# -ge 2 ] || die "$1 needs a value"; url=$2; shift 2 ;;
    -t | --token) [ $# -ge 2 ] || die "$1 needs a value"; token=$2; shift 2 ;;
    -f | --force) query='?overwrite=true'; shift ;;
    -h | --help) usage; exit 0 ;;
    --) shift; break ;;
    -?*) die "unknown option $1; see --help" ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || die 'no file given; see --help'
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

sha256() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum <"$1" | cut -d' ' -f1
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 <"$1" | cut -d' ' -f1
  elif command -v openssl >/dev/null 2>&1; then
    openssl dgst -sha256 -r <"$1" | cut -d' ' -f1
  fi
}

# A string member of the JSON answer.
member() {
  sed -nE "s/.*\"$1\":\"(([^\"\\\\]|\\\\.)*)\".*/\1/p" "$answer" | head -n 1
}

upload() {
  file=$1
  name=${file##*/}
  if [ ! -f "$file" ] || [ ! -r "$file" ]; then
    printf '%s: not a readable file\n' "$file" >&2
    return 1
  fi
  sum=$(sha256 "$file")
  if [ -t 2 ]; then progress=--progress-bar; else progress=--silent; fi
  set -- "$progress" --show-error --globoff --output "$answer" --write-out '%{http_code}' --upload-file "$file"
  [ -z "$sum" ] || set -- "$@" --header "X-Checksum-Sha256: $sum"
  : >"$answer"
  status=$(curl_config | curl --config - "$@" "$url/assets/$(encode "$name")$query") || {
    # An answer that came before the connection broke says more than the connection.
    [ -s "$answer" ] || { printf '%s: %s cannot be reached\n' "$name" "$url" >&2; return 1; }
  }
  case $status in
    200) printf '%s: replaced, sha256 %s\n' "$name" "$(member sha256)" ;;
    201) printf '%s: published, sha256 %s\n' "$name" "$(member sha256)" ;;
    409)
      if [ -n "$sum" ] && [ "$(member digest)" = "sha256:$sum" ]; then
        printf '%s: stored already with the same bytes, sha256 %s\n' "$name" "$sum"
      else
        printf '%s: other bytes are stored under this name (%s); --force replaces them\n' "$name" "$(member digest)" >&2
        return 1
      fi
      ;;
    *)
      detail=$(member detail)
      printf '%s: %s %s\n' "$name" "$status" "${detail:-from $url, which does not answer like a Release Server}" >&2
      return 1
      ;;
  esac
}

failed=0
for path in "$@"; do
  upload "$path" || failed=1
done
exit "$failed"
