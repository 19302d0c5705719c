#!/usr/bin/env bash
# Builds the image and tries it on the Docker daemon that there is. ARGUMENTs go to docker build.
#   tools/test/image.sh [ARGUMENT...]        IMAGE=name takes an image that is built already
# shellcheck disable=SC2329  # check calls them
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

MAX_MEGABYTES=70
TOKEN=image-test-$RANDOM$RANDOM
LOCKED_DOWN=(--read-only --cap-drop ALL --security-opt no-new-privileges)

# shellcheck source=tools/test/checks.sh
source tools/test/checks.sh
command -v docker >/dev/null || give_up image 'there is no docker command'
command -v curl >/dev/null || give_up image 'there is no curl'
reason=$(docker info --format '{{.ServerVersion}}' 2>&1) || give_up image "no Docker daemon answers: $(tail -n 1 <<<"$reason")"

run=release-server-test-$$
containers=()
volumes=()

clean_up() {
  [ ${#containers[@]} -eq 0 ] || docker rm --force --volumes "${containers[@]}" >/dev/null 2>&1
  [ -z "${image:-}" ] || docker image rm --force "$image-extended" >/dev/null 2>&1
  [ ${#volumes[@]} -eq 0 ] || docker volume rm --force "${volumes[@]}" >/dev/null 2>&1
}
inspect() { docker inspect --format "$1" "$2"; }

# start NAME CONTAINER-PORT ARGUMENT...: runs the image, and waits until it answers at $url.
start() {
  local name=$run-$1 port=$2
  shift 2
  containers+=("$name")
  docker run --detach --name "$name" --publish "127.0.0.1::$port" "${LOCKED_DOWN[@]}" "$@" "$image" || return
  locate "$name" "$port"
}
locate() {
  url=${scheme:-http}://$(docker port "$1" "$2/tcp" | head -n 1)
  for _ in $(seq 150); do
    curl -fsS -o /dev/null "$url/readyz" 2>"$work/curl" && return
    sleep 0.2
  done
  cat "$work/curl"
  docker logs --tail 5 "$1"
  return 1
}
volume() {
  volumes+=("$run-$1")
  docker volume create "$run-$1"
}

# ---- the name

prints() { # EXPECTED ARGUMENT...
  local expected=$1
  shift
  equal "$(env -u REGISTRY -u AUTHOR -u IMAGE_NAME -u TAG "$@" --print)" "$expected"
}
refuses() { # VARIABLE VALUE
  local said
  said=$(env "$1=$2" docker/build.sh --print 2>&1) && { echo "accepted: $said"; return 1; }
  [[ $said == "build.sh: "*"$1"* && $said != *$'\n'* ]] || { echo "said: $said"; return 1; }
}
refuses_all() { # VARIABLE VALUE...
  local variable=$1 value
  shift
  for value; do refuses "$variable" "$value" || { echo "for '$value'"; return 1; }; done
}
elsewhere() { (cd / && prints "$1" "$OLDPWD/docker/build.sh"); }

version=$(sed -n 's/^  "version": "\([^"]*\)",$/\1/p' package.json)
check 'build.sh names the image after the version by default' \
  prints "ghcr.io/zlink-cloudtech/release-server:$version" docker/build.sh
check 'build.sh does so from any directory' elsewhere "ghcr.io/zlink-cloudtech/release-server:$version"
check 'build.sh takes the name from the environment' \
  prints localhost:5000/a/b__c:v1 REGISTRY=localhost:5000 AUTHOR=a IMAGE_NAME=b__c TAG=v1 docker/build.sh
check 'build.sh has options outrank the environment' \
  prints r.example/team/sub/i:2 REGISTRY=x.example TAG=1 docker/build.sh --registry r.example --author=team/sub --image-name i --tag=2
check 'build.sh refuses a bad registry' refuses_all REGISTRY plain https://ghcr.io ghcr.io/x -a.io 'a b.io' ghcr.io:port
check 'build.sh refuses a bad author' refuses_all AUTHOR Upper a//b /a a- a___b 'a b' 'a;b'
check 'build.sh refuses a bad image name' refuses_all IMAGE_NAME Upper name:tag a..b _a
check 'build.sh refuses a bad tag' refuses_all TAG .a -a a+b a/b "$(printf 'a%.0s' {1..129})" $'a\nb'

# ---- the image

image=${IMAGE:-}
if [ -z "$image" ]; then
  export REGISTRY=localhost AUTHOR=release-server-test IMAGE_NAME=release-server TAG=test
  image=$(docker/build.sh --print)
  builds() { docker/build.sh -- "$@" || { missing=yes; return 1; }; }
  missing=no
  check "build.sh builds $image" builds "$@"
  [ $missing = no ] || finish
fi

runs_as_numbers() { [[ $(inspect '{{.Config.User}}' "$image") =~ ^[1-9][0-9]*:[0-9]+$ ]]; }
has_labels() {
  local label
  for label in title description licenses source version; do
    [ -n "$(inspect "{{index .Config.Labels \"org.opencontainers.image.$label\"}}" "$image")" ] || { echo "$label is missing"; return 1; }
  done
}
leaves_configuration_alone() {
  ! inspect '{{range .Config.Env}}{{println .}}{{end}}' "$image" |
    grep -E '^(HOST|PORT|STORAGE_PATH|MAX_[A-Z_]*|AUTH_[A-Z_]*|LOG_LEVEL|PUBLIC_URL)='
}
has_volume() { equal "$(inspect '{{json .Config.Volumes}}' "$image")" '{"/data":{}}'; }
listing() {
  local container
  container=$(docker create "$image") || return
  containers+=("$container")
  docker export "$container" | tar -t >"$work/files"
}
holds_no() { # PATTERN
  listing && ! grep -E "$1" "$work/files"
}
is_roots() { # PATH
  docker export "${containers[0]}" | tar -tv --numeric-owner >"$work/owners" || return
  grep -q " $1/" "$work/owners" && ! grep " $1/" "$work/owners" | grep -vE '^[^ ]+ 0/0 '
}
is_small() {
  local bytes
  bytes=$(docker save "$image" | gzip | wc -c) || return
  echo "$bytes" >"$work/bytes"
  [ "$bytes" -lt $((MAX_MEGABYTES * 1000 * 1000)) ] || { echo "$bytes bytes"; return 1; }
}
check 'the image runs as a numeric user that is not root' runs_as_numbers
check 'the image has OCI labels' has_labels
check 'the image sets nothing that would outrank the configuration' leaves_configuration_alone
check 'the image has /data as its volume' has_volume
check 'the image has no shell, package manager or tool' \
  holds_no '(^|/)(sh|bash|dash|ash|busybox|apt|apt-get|dpkg|apk|npm|npx|yarn|corepack|curl|wget)$'
check 'the image has no development dependency' \
  holds_no '^app/node_modules/(node|typescript|jest|prettier|oxlint|@swc|@types|@nestjs/(cli|testing|schematics))/'
check 'the image has no source, source map or test' holds_no '^app/.*(\.map|\.tsx?|\.mts|\.cts|\.spec\.js)$'
check 'the program cannot be changed by its user' is_roots app
check "the image is below $MAX_MEGABYTES MB compressed" is_small
[ ! -s "$work/bytes" ] || echo "        $(<"$work/bytes") bytes"

# ---- the container

printf 'auth_token: %s\n' "$TOKEN" >"$work/config.yaml"
printf 'auth_token_file: /run/secrets/auth_token\nport: 8765\n' >"$work/other.yaml"
printf '%s\n' "$TOKEN" >"$work/token"
chmod 755 "$work" && chmod 644 "$work"/*.yaml "$work/token"
head -c 104857600 /dev/urandom >"$work/large-1.0.0.zip"

config=(--volume "$work/config.yaml:/etc/release-server/config.yaml:ro")
url=

publishes() {
  : >"$work/answer"
  equal "$(curl -sS -o "$work/answer" -w '%{http_code}' -H "Authorization: Bearer $TOKEN" -T "$1" "$url/assets/")" 201 || {
    cat "$work/answer"
    return 1
  }
}
refuses_a_wrong_token() {
  equal "$(curl -sS -o "$work/answer" -w '%{http_code}' -H 'Authorization: Bearer wrong' -T "$work/token" "$url/assets/x.txt")" 401
}
fetches() { curl -fsS "$url/assets/$(basename "$1")" | cmp - "$1"; }
# loads PAGE: the files that it names.
loads() { curl -fsS "$url/$1" | grep -oE '(src|href|data-digest-worker)="\./(static|docs)/[^"]+"' | cut -d '"' -f 2 | sort -u; }
shows_documentation() {
  local file
  for file in openapi.yaml latest docs $(loads docs) packages $(loads packages); do
    curl -fsS -o "$work/answer" "$url/$file" && [ -s "$work/answer" ] || { echo "$file"; return 1; }
  done
}
becomes_healthy() {
  local status
  for _ in $(seq 120); do
    status=$(inspect '{{.State.Health.Status}}' "$run-$1")
    [ "$status" != healthy ] || return 0
    [ "$status" = starting ] || break
    sleep 0.5
  done
  inspect '{{json .State.Health}}' "$run-$1"
  return 1
}
health_check_fails() { # with the environment naming a port where nobody listens
  ! docker exec --env PORT=1 "$run-$1" /nodejs/bin/node healthcheck.mjs
}
stops_well() {
  local began=$SECONDS
  docker stop --time 30 "$run-$1" || return
  equal "$(inspect '{{.State.ExitCode}}' "$run-$1")" 0 && [ $((SECONDS - began)) -lt 10 ] || { echo "after $((SECONDS - began)) s"; return 1; }
}
comes_back() { docker start "$run-$1" && locate "$run-$1" 8000; }
refuses_to_start() { # EXIT-CODE ARGUMENT...
  local expected=$1 status=0
  shift
  docker run --rm "${LOCKED_DOWN[@]}" "$@" "$image" || status=$?
  equal "$status" "$expected"
}

check 'a fresh named volume is made' volume data
check 'the container starts on it, read-only and without capabilities' \
  start main 8000 "${config[@]}" --volume "$run-data:/data"
check 'it takes 100 MiB' publishes "$work/large-1.0.0.zip"
check 'it gives them back' fetches "$work/large-1.0.0.zip"
check 'it refuses a wrong token' refuses_a_wrong_token
check 'it shows its documentation and lists' shows_documentation
check 'it becomes healthy' becomes_healthy main
check 'its health check fails where nobody listens' health_check_fails main
check 'SIGTERM ends it soon and with 0' stops_well main
check 'it starts again' comes_back main
check 'it still has the package' fetches "$work/large-1.0.0.zip"

check 'it starts with another port, a token file and user 12345' \
  start other 8765 --user 12345 --volume "$work/other.yaml:/etc/release-server/config.yaml:ro" \
  --volume "$work/token:/run/secrets/auth_token:ro"
check 'it takes a package there' publishes "$work/large-1.0.0.zip"
check 'its health check follows the port' becomes_healthy other

runs_with_tls() {
  local scheme=https
  local -x CURL_CA_BUNDLE=$work/tls.crt
  openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 2 -subj /CN=image -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$work/tls.key" -out "$work/tls.crt" && chmod 644 "$work/tls.key" &&
    start secure 8000 "${config[@]}" --volume "$work/tls.crt:/tls/tls.crt:ro" --volume "$work/tls.key:/tls/tls.key:ro" \
      --env TLS_CERT_FILE=/tls/tls.crt --env TLS_KEY_FILE=/tls/tls.key && publishes "$work/token"
}
check 'it takes a package over TLS' runs_with_tls
check 'its health check speaks TLS too' becomes_healthy secure

runs_a_command() { # NAME
  docker run --rm "${LOCKED_DOWN[@]}" "$image" node_modules/.bin/release-server "$1" --help >"$work/help" &&
    grep -q "^Usage: $1 " "$work/help"
}
check 'it rebuilds an index in the place of serving' runs_a_command repair-index
check 'it moves packages in the place of serving' runs_a_command migrate

mkdir "$work/extension" && cat >"$work/extension/main.js" <<JS
import { Controller, Get } from '@nestjs/common';
import { AppModule, Public, serve, TokenVerifier } from 'release-server';

class Hello { hello() { return 'hello'; } }
Controller('hello')(Hello);
Public()(Hello);
Get()(Hello.prototype, 'hello', Object.getOwnPropertyDescriptor(Hello.prototype, 'hello'));
class Team extends TokenVerifier { async verify(token) { return token === '$TOKEN' ? { name: 'team' } : undefined; } }
await serve(() => AppModule.with({ verifier: { useClass: Team }, imports: [{ module: class {}, controllers: [Hello] }] }));
JS
printf 'FROM %s\nCOPY main.js /app\n' "$image" >"$work/extension/Dockerfile"
runs_extended() {
  local image=$image-extended # start takes it
  docker build --tag "$image" "$work/extension" && start extended 8000 && equal "$(curl -fsS "$url/hello")" hello &&
    publishes "$work/token" && docker logs "$run-extended" | grep '"actor":"team"'
}
check 'one FROM and one COPY extend it' runs_extended
check 'its health check goes on there' becomes_healthy extended

check 'it refuses to start without a token, with 78' refuses_to_start 78
check 'it refuses an unknown key, with 78' refuses_to_start 78 "${config[@]}" --env PORT=none
check 'it starts without a token when it only reads' start reader 8000 --env READ_ONLY=true

finish
