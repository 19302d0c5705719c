#!/usr/bin/env bash
# What needs no running: types, format, lint, patterns, import rules, parts made of others, and the scripts, workflows and Dockerfiles with shellcheck,
# actionlint and hadolint, each where it is on PATH.
#   npm run check [-- types|format|lint|patterns|imports|generated|scripts ...]
# shellcheck disable=SC2329 # functions are called by name, through check
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
# shellcheck source=tools/test/checks.sh
source tools/test/checks.sh

types() { tsc --noEmit --tsBuildInfoFile dist/check.tsbuildinfo && tsc --noEmit --project apps/release-server/browser; }

imports() {
  depcruise --config .dependency-cruiser.js apps libs examples &&
    depcruise --config .dependency-cruiser.folders.js apps libs &&
    node tools/test/import-rules.mjs
}

try() { # try TOOL SENTENCE ARGUMENT...
  if command -v "$1" >/dev/null; then
    check "$2" "$1" "${@:3}"
  else
    skip "$2" "$1 is not on PATH"
  fi
}
# To actionlint the composite action is no workflow.
action_script() {
  node --input-type=module --eval '
    import { readFileSync } from "node:fs";
    import { load } from "js-yaml";
    const { runs } = load(readFileSync(".github/actions/publish/action.yml", "utf8"));
    console.log(runs.steps.map(({ run }) => run).join("\n"));
  '
}
action_passes() { action_script >"$work/action.sh" && shellcheck --shell=bash "$work/action.sh"; }
scripts() {
  local shells
  mapfile -t shells < <(git ls-files '*.sh' .ci/run)
  try shellcheck 'scripts pass shellcheck' --external-sources "${shells[@]}"
  try actionlint 'workflows pass actionlint, and what they run shellcheck'
  try hadolint 'the Dockerfiles pass hadolint' docker/Dockerfile examples/extended-server/Dockerfile
  if command -v shellcheck >/dev/null; then
    check 'the script of the composite action passes shellcheck' action_passes
  fi
}

[ $# -gt 0 ] || set -- types format lint patterns imports generated scripts
for part; do
  case $part in
    types) check 'types fit' types ;;
    format) check 'the format is that of prettier' prettier --check . ;;
    lint) check 'oxlint finds nothing' oxlint --type-aware --deny-warnings ;;
    patterns) check 'each pattern is matched in linear time' node tools/test/jest.mjs --ci '--testMatch=**/*.check-spec.ts' ;;
    imports) check 'imports flow one way, and each rule refuses what it is for' imports ;;
    generated) check 'what is made of the sources is current' node tools/generate/main.mjs --check ;;
    scripts) scripts ;;
    *) echo "check.sh: there is no part '$part'" >&2 && exit 2 ;;
  esac
done
finish
