#!/usr/bin/env bash
# Lints contracts/openapi.yaml with Redocly, and has Schemathesis ask a built server everything that the contract
# allows and forbids, with a token and without. Brings its tools: Redocly by npm, Schemathesis by pip into a virtual
# environment of its own. EXAMPLES=200 npm run test:contract tries more; SEED=1 tries the same once more.
# shellcheck disable=SC2329 # functions are called by name, through check
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=tools/test/checks.sh
source tools/test/checks.sh

EXAMPLES=${EXAMPLES:-20}
SEED=${SEED:-$RANDOM}
TOKEN=test-token-of-the-contract
TOOLS=node_modules/.cache/schemathesis
REQUIREMENTS=tools/test/schemathesis.txt

server=
clean_up() { [ -z "$server" ] || kill "$server"; }

# Says why where it cannot.
install_schemathesis() {
  if cmp -s "$REQUIREMENTS" "$TOOLS/installed.txt"; then return; fi
  command -v python3 >/dev/null || { echo 'there is no python3' && return 1; }
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo 'python3 is older than 3.10' && return 1; }
  rm -rf "$TOOLS"
  python3 -m venv "$TOOLS" >"$work/venv.log" 2>&1 || { echo 'python3 has no venv' && return 1; }
  "$TOOLS/bin/pip" install --quiet --disable-pip-version-check --requirement "$REQUIREMENTS" >"$work/pip.log" 2>&1 ||
    { echo "pip: $(tail -n 1 "$work/pip.log")" && return 1; }
  cp "$REQUIREMENTS" "$TOOLS/installed.txt"
}

start_server() {
  local log=$work/server.log
  mkdir "$work/packages"
  env CONFIG_PATH=/dev/null HOST=127.0.0.1 PORT=0 STORAGE_PATH="$work/packages" AUTH_TOKEN="$TOKEN" MIN_FREE_SPACE=0 \
    node dist/server/main.js >"$log" 2>&1 &
  server=$!
  for _ in $(seq 100); do
    url=$(grep -o 'http://127\.0\.0\.1:[0-9]*' "$log" | head -n 1)
    if [ -n "$url" ]; then return; fi
    sleep 0.2
  done
  cat "$log"
  return 1
}

# One worker: two at once make Python 3.11 fail now and then ("AST constructor recursion depth mismatch").
schemathesis() {
  "$TOOLS/bin/schemathesis" run "$url/openapi.yaml" --url "$url" --checks all --seed "$SEED" \
    --max-examples "$EXAMPLES" --workers 1 --no-color "$@"
}

export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
check 'the contract passes redocly lint' redocly lint contracts/openapi.yaml
if reason=$(install_schemathesis); then
  if check 'a built server starts' start_server; then
    check "schemathesis finds nothing with the token (SEED=$SEED)" schemathesis --header "Authorization: Bearer $TOKEN"
    check "schemathesis finds nothing without a token (SEED=$SEED)" schemathesis
  fi
else
  skip schemathesis "$reason"
fi
finish
