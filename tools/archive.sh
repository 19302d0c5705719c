# shellcheck shell=bash
# For what packs a release, which sources it.
die() {
  printf '%s: %s\n' "${0##*/}" "${1//[[:cntrl:]]/?}" >&2
  exit "${2:-2}"
}

tar=$(command -v gtar || command -v tar) || die 'tar is not on PATH' 1
[[ $("$tar" --version) == *'GNU tar'* ]] || die "$tar is not GNU tar, which packs reproducibly; install it as tar or gtar" 1

# archive DIRECTORY FILE: the same bytes for the same files, whoever packs them, when and where.
archive() {
  local time=${SOURCE_DATE_EPOCH:-}
  [ -n "$time" ] || time=$(git log -1 --format=%ct) || return
  "$tar" -c --format=ustar --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' \
    -C "$(dirname "$1")" "$(basename "$1")" | gzip -9n >"$2"
}
