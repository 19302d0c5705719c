#!/usr/bin/env bash
# The tests of the driver for object stores, on the store that the environment names (S3_ENDPOINT, S3_BUCKET, AWS_*), or
# on one that is started for them (S3_STORE=minio for the other one) and stopped again. The last line counts the tests.
#   npm run test:s3
# shellcheck disable=SC2329 # clean_up is called by checks.sh
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=tools/test/checks.sh
source tools/test/checks.sh

if [ -z "${S3_ENDPOINT:-}" ]; then
  export S3_STORE_STATE=$work/store
  clean_up() { tools/test/object-store.sh down; }
  settings=$(tools/test/object-store.sh up 2> >(tee "$work/said" >&2)) ||
    give_up 'the tests on an object store' "S3_ENDPOINT names none, and $(tail -n 1 "$work/said")"
  eval "$settings"
fi

# count COMMAND...: adds what it counts in its last line, or in jest's
count() {
  local status=0 line fails
  "$@" 2>&1 | tee "$work/log" || status=$?
  line=$(grep -E '^(Tests: |[0-9]+ passed, [0-9]+ failed)' "$work/log" | tail -n 1)
  number() { sed -nE "s/.*(^|[^0-9])([0-9]+) $1.*/\2/p" <<<"$line" | grep . || echo 0; }
  fails=$(number failed)
  if [ "$status" -ne 0 ] && [ "$fails" -eq 0 ]; then fails=1; fi
  passed=$((passed + $(number passed))) failed=$((failed + fails)) skipped=$((skipped + $(number skipped)))
}

npm run --silent build || exit
# On two workers, and with patience: a store on this machine does the work of each as well.
TEST_STORE=s3 count node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js \
  --ci --maxWorkers=2 --testTimeout=120000 libs/storage/src/s3 'apps/release-server/test/[^/]*e2e-spec'
count node apps/release-server/test/faults/run.mjs O1 O2 O3 O4 O5 O6 O7 O8 O9 O10 O11 O12 O13 O14 O15
finish
