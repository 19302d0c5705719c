#!/usr/bin/env bash
# Makes a release of the last commit in clones of this checkout, twice, and tries what came out. Publishes nothing.
#   tools/test/release.sh        helm on PATH; of the service only what npm ci can install is taken from the net
# shellcheck disable=SC2329 # functions are called by name, through check
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=tools/test/checks.sh
source tools/test/checks.sh

for tool in git helm npm node curl; do
  command -v "$tool" >/dev/null || give_up release "$tool is not on PATH"
done
root=$PWD
version=1.2.3-rc.1
one=$work/one/checkout two=$work/another/place/of-it
server=
clean_up() { [ -z "$server" ] || kill "$server" 2>/dev/null; }

clone() { git clone --quiet --no-hardlinks "$root" "$1"; }
release() { (cd "$1" && "${@:2}" tools/release.sh "$version"); }
refuses() { # refuses PATTERN ARGUMENT...: in the first clone
  local said
  said=$("$one/tools/release.sh" "${@:2}" 2>&1) && { echo "accepted: $said"; return 1; }
  [[ $said =~ $1 && $said != *$'\n'* ]] || { echo "said: $said"; return 1; }
}
refuses_dirty() {
  touch "$one/left-over" && refuses 'not committed.*left-over'
  local status=$?
  rm "$one/left-over"
  return "$status"
}
refuses_bad_versions() {
  local bad
  for bad in v1.2.3 1.2 1.2.3.4 01.2.3 1.2.3-01 1.2.3+build '1.2.3; id' ''; do
    [ -n "$bad" ] || continue
    refuses 'not a semantic version' "$bad" || { echo "for '$bad'"; return 1; }
  done
}
holds() { equal "$(cd "$one/dist" && printf '%s ' *.tgz openapi.yaml SHA256SUMS)" \
  "release-server-$version.tgz release-server-chart-$version.tgz openapi.yaml SHA256SUMS "; }
sums_right() { (cd "$one/dist" && sha256sum --check --strict SHA256SUMS) && equal "$(wc -l <"$one/dist/SHA256SUMS")" 3; }
same_bytes() { diff -r <(cd "$one/dist" && sha256sum -- *.*) <(cd "$two/dist" && sha256sum -- *.*); }
chart_right() {
  local chart=$one/dist/release-server-chart-$version.tgz
  helm show chart "$chart" | grep -x "version: $version" && helm show chart "$chart" | grep -x "appVersion: $version" || return
  helm template x "$chart" --set auth.token=t | grep -F "image: \"r.example/team/release-server:$version\""
}
bundle=$work/release-server-$version
unpacks() { tar -xzf "$one/dist/release-server-$version.tgz" -C "$work"; }
bundle_right() {
  (cd "$bundle" && find . -type f ! -path './dist/*' | sort | tr '\n' ' ') >"$work/files"
  equal "$(<"$work/files")" './.npmrc ./LICENSE ./contracts/openapi.yaml ./package-lock.json ./package.json ' || return
  equal "$(cd "$bundle" && find dist -type f ! -name '*.js' ! -path 'dist/browser/*' -o -name '*.spec.js')" '' || return
  grep -x "  version: $version" "$bundle/contracts/openapi.yaml" && ! grep -E '"(dev|devDependencies)":' "$bundle"/package*.json
}
installs() { (cd "$bundle" && npm ci --omit=dev --no-audit --no-fund) && [ ! -e "$bundle/node_modules/typescript" ]; }
serves() {
  local url
  PORT=0 HOST=127.0.0.1 STORAGE_PATH=$work/data AUTH_TOKEN=t CONFIG_PATH='' npm --prefix "$bundle" run --silent start:prod >"$work/log" 2>&1 &
  server=$!
  for _ in $(seq 150); do
    url=$(sed -n 's/.*listening on \(http:[^ "]*\),.*/\1/p' "$work/log")
    [ -z "$url" ] || break
    sleep 0.2
  done
  [ -n "$url" ] || { cat "$work/log"; return 1; }
  curl -fsS -H 'Authorization: Bearer t' -T "$bundle/LICENSE" "$url/assets/licence-1.0.0.txt" &&
    curl -fsS "$url/assets/licence-1.0.0.txt" | cmp - "$bundle/LICENSE" &&
    curl -fsS "$url/openapi.yaml" | cmp - "$one/dist/openapi.yaml" && curl -fsS -o "$work/docs" "$url/docs"
}

check 'the last commit can be cloned' clone "$one" || finish
clone "$two"
check 'release.sh makes a release' release "$one" env REGISTRY=r.example AUTHOR=team || finish
check 'it makes the service, the chart, the contract and their checksums' holds
check 'the checksums are right' sums_right
check 'it leaves the checkout clean' equal "$(git -C "$one" status --porcelain)" ''
check 'it makes another in another place, at another time, with another umask and zone' \
  release "$two" bash -c 'umask 077 && export REGISTRY=r.example AUTHOR=team TZ=Asia/Tokyo && exec "$@"' -
check 'both have the same bytes' same_bytes
check 'the chart has the version, and names the image that build.sh builds' chart_right
check 'the service can be unpacked' unpacks
check 'it holds the program, its manifest, lockfile, contract and licence, and nothing for development' bundle_right
check 'its production dependencies can be installed' installs
check 'it serves by npm run start:prod' serves
check 'release.sh refuses a tree that is not committed' refuses_dirty
check 'release.sh refuses what is no version' refuses_bad_versions
check 'release.sh refuses two versions' refuses 'more than one version' 1.2.3 1.2.4
check 'release.sh refuses an unknown option' refuses 'unknown option' --nonsense

finish
