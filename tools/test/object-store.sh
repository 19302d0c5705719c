#!/usr/bin/env bash
# A real object store on loopback and a temporary directory, for tests and development. Needs Go and curl.
#   eval "$(tools/test/object-store.sh up)"     start it, or find it running, and set S3_ENDPOINT, S3_BUCKET and AWS_*
#   tools/test/object-store.sh env              the settings of the one that runs
#   tools/test/object-store.sh down             stop it and delete what it holds
# S3_STORE        versitygw (default) or minio; each is built once, into the cache
# S3_STORE_STATE  directory for its data, made by up and deleted by down; by default one below TMPDIR for each user
set -euo pipefail

store=${S3_STORE:-versitygw}
case $store in
  versitygw) module=github.com/versity/versitygw/cmd/versitygw version=v1.8.0 ;;
  minio) module=github.com/minio/minio version=v0.0.0-20260212201848-7aac2a2c5b7c ;;
  *) echo "object-store.sh: S3_STORE is '$store', expected versitygw or minio" >&2 && exit 2 ;;
esac
cache=${XDG_CACHE_HOME:-$HOME/.cache}/release-server
binary=$cache/$store-$version
state=${S3_STORE_STATE:-${TMPDIR:-/tmp}/release-server-$store-$(id -u)}
bucket=releases key=releases secret=not-a-secret region=us-east-1

fail() {
  echo "object-store.sh: $*" >&2
  exit 1
}

build() {
  if [ -x "$binary" ]; then return; fi
  command -v go >/dev/null || fail "$store $version is not in $cache, and to build it needs Go on PATH"
  echo "object-store.sh: building $store $version, once" >&2
  mkdir -p "$cache"
  local fresh
  fresh=$(mktemp -d "$cache/build.XXXXXX")
  if ! GOBIN=$fresh GOFLAGS='' CGO_ENABLED=0 go install -trimpath -ldflags='-s -w' "$module@$version" >"$fresh/log" 2>&1; then
    tail -n 5 "$fresh/log" >&2
    rm -rf "$fresh"
    fail "$store $version could not be built"
  fi
  mv "$fresh/$store" "$binary"
  rm -rf "$fresh"
}

# The process that was started, and no other that has got its number since.
runs() {
  [ -s "$state/pid" ] && tr '\0' '\n' <"/proc/$(<"$state/pid")/cmdline" 2>/dev/null | grep -Fqx "$state/data"
}

free_port() {
  local port
  for _ in {1..50}; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port" && return; }
  done
  fail 'no free port was found'
}

# launch [OPTION...]: options for how versitygw keeps what it knows of an object
launch() {
  local address=${endpoint#http://}
  case $store in
    versitygw) exec "$binary" --port "$address" --access "$key" --secret "$secret" --region "$region" --quiet --keep-alive \
      posix "$@" "$state/data" ;;
    minio) MINIO_ROOT_USER=$key MINIO_ROOT_PASSWORD=$secret MINIO_REGION=$region MINIO_UPDATE=off MINIO_BROWSER=off \
      exec "$binary" server --quiet --address "$address" "$state/data" ;;
  esac >"$state/log" 2>&1 &
  local pid=$!
  echo "$pid" >"$state/pid"
  disown
  for _ in {1..150}; do
    if make_bucket >/dev/null; then return; fi
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
}

# Signed, so that what answers is the store and knows the keys. The digest is that of an empty body.
make_bucket() {
  local digest
  digest=$(sha256sum </dev/null | cut -d ' ' -f 1)
  curl --silent --fail --max-time 5 --aws-sigv4 "aws:amz:$region:s3" --user "$key:$secret" \
    --header "x-amz-content-sha256: $digest" --request PUT "$endpoint/$bucket"
}

up() {
  if runs; then settings && return; fi
  down
  build
  mkdir -p "$state"
  chmod 700 "$state"
  mkdir "$state/data" "$state/attributes"
  local endpoint
  endpoint=http://127.0.0.1:$(free_port)
  echo "$endpoint" >"$state/endpoint"
  launch
  # Extended attributes, which it prefers, are not on every file system.
  if ! runs && [ "$store" = versitygw ]; then launch --sidecar "$state/attributes"; fi
  if runs; then settings && return; fi
  tail -n 5 "$state/log" >&2
  down
  fail "$store did not start"
}

settings() {
  runs || fail "$store does not run"
  printf 'export S3_ENDPOINT=%s S3_BUCKET=%s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s AWS_REGION=%s\n' \
    "$(<"$state/endpoint")" "$bucket" "$key" "$secret" "$region"
}

down() {
  if runs; then
    kill "$(<"$state/pid")"
    for _ in {1..50}; do
      runs || break
      sleep 0.1
    done
    if runs; then kill -9 "$(<"$state/pid")"; fi
  fi
  rm -rf "$state"
}

case ${1:-} in
  up) up ;;
  env) settings ;;
  down) down ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
