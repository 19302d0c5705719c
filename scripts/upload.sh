#!/bin/sh
# Publishes files to a Release Server. Needs a POSIX shell and curl.
set -eu

usage() {
  cat <<'USAGE'
usage: upload.sh [-u URL] [-t TOKEN] [-f] FILE…
       upload.sh [-u URL] [-t TOKEN] [-f] --release TAG [--title TITLE] [--notes FILE]
                 [--prerelease] [--draft] FILE…

Publishes each FILE under its own name. A file that is stored already with the same
bytes is a success; one with other bytes is a failure, unless it may be replaced.
Where the server is full, its oldest packages make room; it says which.
What the server cannot do now is tried again, with growing pauses.

With --release all of them appear at once, as a release: they go into a draft, which
nobody sees, and that is published when all of them are in it. What fails in between
leaves the draft, and the same call goes on with it. A release that is public already
with the same bytes is a success, and one with others stays as it is.

  -u, --url URL      address of the server, with its path prefix if it has one
                     (default: $RELEASE_SERVER_URL, or http://127.0.0.1:8000)
  -t, --token TOKEN  the token (default: $RELEASE_SERVER_TOKEN; better, for other
                     users of the machine can read a command line)
  -f, --force        replace what is stored under the same name; with --release in a draft
                     only
      --release TAG  publish the files as the release of that tag, in its folder
      --title TITLE  the title of the release
      --notes FILE   a file with the notes of the release, in Markdown
      --prerelease   it is a pre-release, whatever its tag says
      --draft        leave the draft as it is, for others to add to it and to publish
      --retries N    how often a request is tried again (default: 4)
  -h, --help         show this

Exits with 0 when all files are stored, with 1 when one is not, with 2 when called wrong.
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

sha256() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum <"$1" | cut -d' ' -f1
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 <"$1" | cut -d' ' -f1
  elif command -v openssl >/dev/null 2>&1; then
    openssl dgst -sha256 -r <"$1" | cut -d' ' -f1
  fi
}

# Tells which packages the server removed to make room, if it did.
tell_evicted() {
  evicted=$(sed -n 's/.*"evicted":\[\([^]]*\)\].*/\1/p' "$answer" | tr '{' '\n' |
    sed -n 's/.*"name":"\([^"]*\)".*/\1/p' | tr -d '\001-\011\013-\037\177' | paste -s -d ' ' -)
  [ -z "$evicted" ] || printf '%s: made room by removing %s\n' "$name" "$evicted"
}

# refuse NAME REASON: this file is not even tried.
refuse() {
  printf '%s: %s\n' "$1" "$2" >&2
  return 1
}

# Whether the file can be published at all, as far as it is known here.
check() {
  [ ! -d "$1" ] || { refuse "$1" 'is a directory; give the files in it'; return 1; }
  [ -e "$1" ] || { refuse "$1" 'there is no such file'; return 1; }
  [ -f "$1" ] && [ -r "$1" ] || { refuse "$1" 'not a readable file'; return 1; }
  [ -s "$1" ] || { refuse "$1" 'is empty, and an empty package cannot be published'; return 1; }
}

# upload FILE BELOW: publishes the file below the path BELOW.
upload() {
  file=$1
  below=$2
  status=
  check "$file" || return 1
  sum=$(sha256 "$file")
  # To curl, `-` and `.` are not files.
  case $file in /*) ;; *) file=./$file ;; esac
  if [ -t 2 ]; then progress=--progress-bar; else progress=--silent; fi
  set -- "$progress" --upload-file "$file"
  [ -z "$sum" ] || set -- "$@" --header "X-Checksum-Sha256: $sum"
  request "${file##*/}" "$below/$(encode "${file##*/}")$query" "$@"
  case $status in
    200)
      printf '%s: replaced, sha256 %s\n' "$name" "$(member sha256)"
      tell_evicted
      ;;
    201)
      printf '%s: %s, sha256 %s\n' "$name" "$verb" "$(member sha256)"
      tell_evicted
      ;;
    409 | 403)
      if [ -n "$sum" ] && [ "$(member digest)" = "sha256:$sum" ]; then
        printf '%s: stored already with the same bytes, sha256 %s\n' "$name" "$sum"
      elif [ "$status" = 403 ] || [ -z "$(member digest)" ]; then
        failure
        return 1
      else
        printf '%s: other bytes are stored under this name (%s); --force replaces them if the server allows it\n' "$name" "$(member digest)" >&2
        return 1
      fi
      ;;
    *)
      failure
      return 1
      ;;
  esac
}

# Standard input as what stands between the quotes of a JSON string, without characters that no text has.
json_text() {
  tr -d '\000-\010\013\014\016-\037\177' | tr '\n\r\t' '\001\002\003' |
    sed -e 's/[\\"]/\\&/g' -e "s/$(printf '\001')/\\\\n/g" -e "s/$(printf '\002')/\\\\r/g" -e "s/$(printf '\003')/\\\\t/g" |
    tr -d '\n'
}

# What the command line says of the release, as members of a JSON object, each with a comma before it.
said() {
  [ -z "$title" ] || printf ',"title":"%s"' "$(printf '%s' "$title" | json_text)"
  [ -z "$notes" ] || printf ',"notes":"%s"' "$(json_text <"$notes")"
  [ -z "$prerelease" ] || printf ',"prerelease":true'
}

# tell METHOD PLACE MEMBERS: sends a JSON object with these members of the release.
tell() {
  printf '{%s}' "$3" >"$work/body"
  request "$release" "$2" --silent --request "$1" --header 'Content-Type: application/json' --data-binary "@$work/body"
}

# Makes the draft, or finds it. Sets `stage` to `made` or `found`, or to `public` where there is no draft but a release.
begin() {
  tell POST /releases "\"tag\":\"$(printf '%s' "$release" | json_text)\",\"draft\":true$(said)"
  if [ "$status" = 201 ]; then
    stage=made
  elif [ "$status" = 409 ] && [ "$(member code)" = release_exists ]; then
    stage=public
    ! grep -q '"draft":true' "$answer" || stage=found
  else
    failure
    return 1
  fi
}

# publish FILE…: publishes the draft that they are in, in one step.
publish() {
  stage=publishing
  tell PATCH "$folder" "\"draft\":false$(said)"
  case $status in
    200)
      stage=
      printf '%s: published, %s\n' "$release" "$(member url)"
      tell_evicted
      ;;
    404) settle "$@" ;;
    *)
      failure
      # No answer, or one that says that the server does not know either.
      case $status in 000 | 5??) ;; *) stage=found ;; esac
      return 1
      ;;
  esac
}

# leave FILE…: leaves the draft that they are in to others, with what was said of it.
leave() {
  if [ "$stage" = found ] && [ -n "$(said)" ]; then
    members=$(said)
    tell PATCH "$folder" "${members#,}"
    case $status in
      200) ;;
      404) settle "$@"; return ;;
      *) failure; return 1 ;;
    esac
  fi
  stage=
  printf '%s: a draft, which nobody sees until it is published\n' "$release"
}

# compare FILE…: whether the public release of the tag has all of them with the same bytes.
compare() {
  request "$release" "/packages?format=json&release=$(encode "$release")" --silent
  [ "$status" = 200 ] || { failure; return 1; }
  if [ "$stage" = gone ] && [ "$(cat "$answer")" = '[]' ]; then
    refuse "$release" 'its draft was deleted meanwhile; the same call makes another one' || return 1
  fi
  differs=0
  for file in "$@"; do
    sum=$(sha256 "$file")
    sums=$(tr '{' '\n' <"$answer" | grep -F "\"name\":\"${file##*/}\"," |
      sed -n 's/.*"sha256":"\([0-9a-f]\{64\}\)".*/\1/p')
    case $nl$sums$nl in
      *"$nl${sum:-unknown}$nl"*) printf '%s: public already with the same bytes, sha256 %s\n' "${file##*/}" "$sum" ;;
      "$nl$nl") refuse "${file##*/}" "is not in $release, which is public already" || differs=1 ;;
      *) refuse "${file##*/}" "other bytes are in $release, which is public already" || differs=1 ;;
    esac
  done
  if [ "$differs" = 1 ]; then
    refuse "$release" "stays as it is; publish under another tag, or delete it before: delete.sh --release $release" || return 1
  fi
  printf '%s: published already\n' "$release"
}

# settle FILE…: as `compare`, where there is no draft any more: another run has published it, or it was deleted.
settle() {
  stage=gone
  compare "$@"
}

# Tells how to go on from where this ends.
# shellcheck disable=SC2317,SC2329 # called by trap
advise() {
  case $stage in
    made | found)
      printf '%s: is a draft still, which nobody sees; the same call goes on with it, delete.sh --release %s deletes it\n' \
        "$release" "$release"
      ;;
    publishing) printf '%s: may be public by now; the same call goes on, or finds it published\n' "$release" ;;
  esac >&2
}

# upload_release FILE…: has all of them appear at once, or none.
upload_release() {
  failed=0
  for path in "$@"; do
    check "$path" || failed=1
  done
  [ "$failed" = 0 ] || return 1
  folder=/releases/$(encode "$release")
  begin || return 1
  if [ "$stage" = public ]; then
    compare "$@"
    return
  fi
  for path in "$@"; do
    upload "$path" "$folder/assets" || failed=1
    if is_token_refused; then break; fi
    if [ "$status" = 404 ] && [ "$(member code)" = release_not_found ]; then
      settle "$@"
      return
    fi
  done
  [ "$failed" = 0 ] || return 1
  if [ -n "$draft" ]; then leave "$@"; else publish "$@"; fi
}

url=${RELEASE_SERVER_URL:-http://127.0.0.1:8000}
token=${RELEASE_SERVER_TOKEN:-}
retries=4
query=
force=
verb=published
release=
title=
notes=
prerelease=
draft=
stage=
while [ $# -gt 0 ]; do
  case $1 in
    -u | --url) [ $# -ge 2 ] || die "$1 needs a value"; url=$2; shift 2 ;;
    -t | --token) [ $# -ge 2 ] || die "$1 needs a value"; token=$2; shift 2 ;;
    --retries) [ $# -ge 2 ] || die "$1 needs a value"; retries=$2; shift 2 ;;
    -f | --force) force=yes; shift ;;
    --release) [ $# -ge 2 ] || die "$1 needs a value"; release=$2; check_release; shift 2 ;;
    --title) [ $# -ge 2 ] || die "$1 needs a value"; title=$2; shift 2 ;;
    --notes) [ $# -ge 2 ] || die "$1 needs a value"; notes=$2; shift 2 ;;
    --prerelease) prerelease=yes; shift ;;
    --draft) draft=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    --) shift; break ;;
    -?*) die "unknown option $1; see --help" ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || die 'no file given; see --help'
[ -n "$release" ] || [ -z "$title$notes$prerelease$draft" ] || die 'this says something of a release: give its tag by --release'
[ -z "$notes" ] || { [ -f "$notes" ] && [ -r "$notes" ]; } || die "no readable file: $notes"
prepare

# Of two files with one name, the second would replace the first or be refused when half of the work is done.
paths=$nl
names=$nl
for path in "$@"; do
  shift
  case $path in *"$nl"*) die 'the name of a file has a line break' ;; esac
  # The same one named twice, as by patterns that overlap.
  case $paths in *"$nl$path$nl"*) continue ;; esac
  case $names in
    *"$nl${path##*/}$nl"*) die "two files would be published as ${path##*/}, and one of them is $path" ;;
  esac
  paths=$paths$path$nl
  names=$names${path##*/}$nl
  set -- "$@" "$path"
done

if [ -n "$release" ]; then
  trap 'rm -rf "$work"; advise' EXIT
  verb=uploaded
  query="?draft=true${force:+&overwrite=true}"
  upload_release "$@"
  exit
fi

query=${force:+?overwrite=true}
failed=0
for path in "$@"; do
  upload "$path" /assets || failed=1
  # All others would be refused as well, and every wrong token makes the server wait longer.
  if is_token_refused; then break; fi
done
exit "$failed"
