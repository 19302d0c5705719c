#!/usr/bin/env bash
# Checks the scripts, workflows and the Dockerfile with shellcheck, actionlint and hadolint, each where it is on PATH.
# shellcheck disable=SC2329 # functions are called by name, through check
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
# shellcheck source=tools/test/checks.sh
source tools/test/checks.sh

try() { # try TOOL SENTENCE ARGUMENT...
  if command -v "$1" >/dev/null; then
    check "$2" "$1" "${@:3}"
  else
    skip "$2" "$1 is not on PATH"
  fi
}
mapfile -t shells < <(git ls-files '*.sh' .ci/run)
try shellcheck 'scripts pass shellcheck' --external-sources "${shells[@]}"
try actionlint 'workflows pass actionlint, and what they run shellcheck'
try hadolint 'the Dockerfiles pass hadolint' docker/Dockerfile examples/extended-server/Dockerfile
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
if command -v shellcheck >/dev/null; then
  check 'the script of the composite action passes shellcheck' action_passes
fi
finish
