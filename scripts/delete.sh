#!/bin/sh
# Deletes packages from a Release Server. Needs a POSIX shell and curl.
set -eu

usage() {
  cat <<'USAGE'
usage: delete.sh [-u URL] [-t TOKEN] NAME…
       delete.sh [-u URL] [-t TOKEN] --release TAG

Deletes each package NAME, or a release with all of its packages in one step; where
there is a draft of the tag, that. What the server cannot do now is tried again, with growing pauses.

  -u, --url URL      address of the server, with its path prefix if it has one
                     (default: $RELEASE_SERVER_URL, or http://127.0.0.1:8000)
  -t, --token TOKEN  the token (default: $RELEASE_SERVER_TOKEN; better, for other
                     users of the machine can read a command line)
      --release TAG  delete the draft or the release of that tag
      --retries N    how often a request is tried again (default: 4)
  -h, --help         show this

Exits with 0 when all are deleted, with 1 when one is not, with 2 when called wrong.
USAGE
}

# Everything from here to the next line like this is the same in upload.sh and delete.sh.
# ----------------------------------------------------------------------------------------
# Bytes, whatever the locale says.
LC_ALL=C
export LC_ALL
nl='
'
cr=$(printf '\r')

die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit "${2:-2}"
}

# Without line breaks at the end, which secrets and files often have.
trimmed() {
  text=$1
  while :; do
    case $text in
      *"$nl" | *"$cr") text=${text%?} ;;
      *) break ;;
    esac
  done
  printf '%s' "$text"
}

# Checks what the command line and the environment said, and prepares for requests.
prepare() {
  [ -n "$token" ] || die 'no token: set RELEASE_SERVER_TOKEN or give --token'
  token=$(trimmed "$token")
  case $token in
    '' | *[!!-~]*) die 'the token has a space, a line break or another character that no token has' ;;
  esac
  url=$(trimmed "$url")
  case $url in
    *[!!-~]* | *'?'* | *'#'*) die "this is not the address of a server: $url" ;;
    [Hh][Tt][Tt][Pp]://?* | [Hh][Tt][Tt][Pp][Ss]://?*) ;;
    *) die "the address must begin with http:// or https://, which this does not: $url" ;;
  esac
  while [ "$url" != "${url%/}" ]; do url=${url%/}; done
  case $retries in
    '' | *[!0-9]* | ????*) die "--retries needs a number up to 999, not: $retries" ;;
  esac
  command -v curl >/dev/null 2>&1 || die 'curl is not installed' 1
  work=$(mktemp -d)
  answer=$work/answer
  headers=$work/headers
  trap 'rm -rf "$work"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# Refuses what is no tag in any case; the server knows the whole rule.
check_release() {
  case $release in
    '' | -* | . | ..) ;;
    *) [ "$release" != "$(printf '%s' "$release" | tr -d '\001-\040\177')" ] || return 0 ;;
  esac
  die "this is not the tag of a release: $(printf '%s' "$release" | tr -d '\001-\037\177')"
}

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

# A string member of the JSON answer.
member() {
  sed -nE "s/.*\"$1\":\"(([^\"\\\\]|\\\\.)*)\".*/\1/p" "$answer" | head -n 1 | tr -d '\000-\037\177'
}

# Whether the server does not take the token: then it takes it for nothing else either.
is_token_refused() {
  [ "$status" = 401 ] || { [ "$status" = 429 ] && [ "$(member code)" = too_many_attempts ]; }
}

# The seconds of Retry-After, nothing where there are none.
retry_after() {
  tr -d '\r' <"$headers" | sed -n 's/^[Rr][Ee][Tt][Rr][Yy]-[Aa][Ff][Tt][Ee][Rr]: *\([0-9]\{1,6\}\) *$/\1/p' | tail -n 1
}

# request NAME PLACE [CURL OPTION…]: asks at the path PLACE, in messages for NAME, and again what may succeed later. Sets
# `status` to that of the answer, or to 000 where there is none, `target` to where it leads, and `attempt` to 0 where once
# was enough.
request() {
  attempt=0
  pause=1
  name=$1
  place=$2
  shift 2
  while :; do
    : >"$answer"
    : >"$headers"
    code=0
    result=$(curl_config | curl --config - --show-error --globoff --connect-timeout 30 --output "$answer" \
      --dump-header "$headers" --write-out '%{http_code} %{redirect_url}' "$@" --url "$url$place") || code=$?
    status=${result%% *}
    target=$(printf '%s' "${result#"$status"}" | tr -d '\000-\040\177')
    # An answer that came before the connection broke says more than the connection.
    [ "$code" -eq 0 ] || [ -s "$answer" ] || status=000
    case $status-$code in
      000-5 | 000-6 | 000-7 | 000-1[68] | 000-28 | 000-35 | 000-5[256] | 000-92) reason="$url cannot be reached" ;;
      429-*)
        if is_token_refused; then return; fi
        reason="$status $(member detail)"
        ;;
      408-* | 50[234]-*) reason="$status $(member detail)" ;;
      000-*) reason="curl failed with $code"; return ;;
      *) return ;;
    esac
    [ "$attempt" -lt "$retries" ] || return 0
    after=$(retry_after)
    after=${after:-$pause}
    if [ "$after" -gt 300 ]; then
      printf '%s: the server asks to wait for %s seconds, which is too long\n' "$name" "$after" >&2
      return
    fi
    printf '%s: %s; trying again in %s s\n' "$name" "$reason" "$after" >&2
    sleep "$after"
    attempt=$((attempt + 1))
    pause=$((pause * 2))
    [ "$pause" -le 60 ] || pause=60
  done
}

# Tells which server `target` is on, where its path ends as the place that was asked for.
tell_server() {
  base=${target%%\?*}
  rest=${place%%\?*}
  while [ -n "$rest" ]; do
    base=${base%/*}
    rest=${rest%/*}
  done
  rest=${place#/}
  case ${target#"$base"} in
    /"${rest%%[/?]*}" | /"${rest%%[/?]*}"[/?]*)
      printf '; if that is the server, give --url %s or set RELEASE_SERVER_URL to it' "$base"
      ;;
  esac
}

# Tells of an answer that is no success, whatever it is.
failure() {
  case $status in
    000) printf '%s: %s\n' "$name" "$reason" ;;
    30[12378])
      printf '%s: %s to %s, where the token is not sent' "$name" "$status" "${target:-nowhere}"
      tell_server
      printf '\n'
      ;;
    *)
      detail=$(member detail)
      printf '%s: %s %s\n' "$name" "$status" "${detail:-from $url, which does not answer like a Release Server}"
      ;;
  esac >&2
}
# ----------------------------------------------------------------------------------------

# delete NAME PLACE CODE: deletes what is at the path PLACE; CODE says that nothing is there.
delete() {
  request "$1" "$2" --silent --request DELETE
  case $status in
    204) printf '%s: deleted\n' "$name" ;;
    404)
      # An attempt whose answer was lost may have deleted it.
      [ "$attempt" -gt 0 ] && [ "$(member code)" = "$3" ] || { failure; return 1; }
      printf '%s: is not there any more\n' "$name"
      ;;
    *)
      failure
      return 1
      ;;
  esac
}

url=${RELEASE_SERVER_URL:-http://127.0.0.1:8000}
token=${RELEASE_SERVER_TOKEN:-}
retries=4
release=
while [ $# -gt 0 ]; do
  case $1 in
    -u | --url) [ $# -ge 2 ] || die "$1 needs a value"; url=$2; shift 2 ;;
    -t | --token) [ $# -ge 2 ] || die "$1 needs a value"; token=$2; shift 2 ;;
    --retries) [ $# -ge 2 ] || die "$1 needs a value"; retries=$2; shift 2 ;;
    --release) [ $# -ge 2 ] || die "$1 needs a value"; release=$2; check_release; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    --) shift; break ;;
    -?*) die "unknown option $1; see --help" ;;
    *) break ;;
  esac
done
if [ -n "$release" ]; then
  [ $# -eq 0 ] || die '--release deletes all of a release; give names without it'
  prepare
  delete "$release" "/releases/$(encode "$release")" release_not_found
  exit
fi
[ $# -gt 0 ] || die 'no name given; see --help'
prepare

failed=0
for package in "$@"; do
  delete "$package" "/assets/$(encode "$package")" package_not_found || failed=1
  # All others would be refused as well, and every wrong token makes the server wait longer.
  if is_token_refused; then break; fi
done
exit "$failed"
