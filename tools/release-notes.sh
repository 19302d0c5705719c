#!/bin/sh
# Prints what CHANGELOG.md says of a version. Fails where it says nothing.
#   tools/release-notes.sh VERSION
set -eu

version=${1:?usage: release-notes.sh VERSION}
notes=$(awk -v heading="## [$version]" '/^## / { inside = index($0, heading) == 1; next } /^\[.*\]: / { next } inside' \
  "$(dirname "$0")/../CHANGELOG.md" | sed -e '/./,$!d')
[ -n "$notes" ] || {
  printf 'release-notes.sh: CHANGELOG.md has no section "## [%s]": rename "## [Unreleased]" to it, with the date\n' "$version" >&2
  exit 1
}
printf '%s\n' "$notes"
