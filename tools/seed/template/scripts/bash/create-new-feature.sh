#!/bin/sh
# Makes specs/NNN-NAME/spec.md from the template and prints its path.
set -eu

[ $# -gt 0 ] || { echo "usage: create-new-feature.sh NAME…" >&2; exit 2; }
name=$(printf '%s' "$*" | tr '[:upper:] ' '[:lower:]-' | tr -cd 'a-z0-9-')
mkdir -p specs
last=$(find specs -mindepth 1 -maxdepth 1 -type d -name '[0-9][0-9][0-9]-*' | sed 's|^specs/0*||; s|-.*||' | sort -n | tail -n 1)
directory=specs/$(printf '%03d' $((${last:-0} + 1)))-$name
mkdir "$directory"
sed "s/\[FEATURE\]/$name/" .specify/templates/specify-template.md >"$directory/spec.md"
echo "$directory/spec.md"
