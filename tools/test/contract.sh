#!/usr/bin/env bash
# Lints contracts/openapi.yaml with Redocly, and has Schemathesis ask a built server everything that the contract
# allows and forbids, with a token and without. Brings its tools: Redocly by npm, Schemathesis by pip into a virtual
# environment of its own. EXAMPLES=200 npm run test:contract tries more; SEED=1 tries the same once more.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

EXAMPLES=${EXAMPLES:-20}
SEED=${SEED:-$RANDOM}
TOKEN=test-token-of-the-contract
TOOLS=node_modules/.cache/schemathesis
REQUIREMENTS=tools/test/schemathesis.txt

passed=0 failed=0 skipped=0
work=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || kill "$server"
  rm -rf "$work"
}
trap finish EXIT

check() {
  local what=$1
  shift
  echo "== $what"
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "failed: $what"; fi
}
skip() {
  echo "skip: $1"
  skipped=$((skipped + 1))
}

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
    node dist/apps/release-server/src/main.js >"$log" 2>&1 &
  server=$!
  for _ in $(seq 100); do
    url=$(grep -o 'http://127\.0\.0\.1:[0-9]*' "$log" | head -n 1)
    if [ -n "$url" ]; then return; fi
    sleep 0.2
  done
  cat "$log"
  return 1
}

schemathesis() {
  "$TOOLS/bin/schemathesis" run "$url/openapi.yaml" --url "$url" --checks all --seed "$SEED" \
    --max-examples "$EXAMPLES" --workers 2 --no-color "$@" >"$work/schemathesis.log" 2>&1
  local status=$?
  if [ "$status" -eq 0 ]; then tail -n 5 "$work/schemathesis.log"; else cat "$work/schemathesis.log"; fi
  return "$status"
}

export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
check 'redocly lint' redocly lint contracts/openapi.yaml
if reason=$(install_schemathesis); then
  if start_server; then
    check 'schemathesis with the token' schemathesis --header "Authorization: Bearer $TOKEN"
    check 'schemathesis without a token' schemathesis
  else
    failed=$((failed + 1))
  fi
else
  skip "schemathesis ($reason)"
fi

echo "$passed passed, $failed failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
[ "$failed" -eq 0 ]
