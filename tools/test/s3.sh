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

npm run --silent build || exit
# What no store has a part in: clients, scripts, connections, names, tokens and who may do what.
elsewhere='/test/(hosts|guessing|connections|body-as-sent|scripts|scripts-releases|seed|github-clients|extending|tls|access|private-reads|named-tokens|token-command|identities)\.e2e-spec'
# On two workers, and with patience: a store on this machine does the work of each as well.
TEST_STORE=s3 count node tools/test/jest.mjs --ci --maxWorkers=2 --testTimeout=120000 \
  --testPathIgnorePatterns="$elsewhere" node_modules -- libs/storage/src/s3 'apps/release-server/test/[^/]*e2e-spec'
count node tools/test/faults.mjs O1 O2 O3 O4 O5 O6 O7 O8 O9 O10 O11 O12 O13 O14 O15 O16 O17 O18 O19
finish
