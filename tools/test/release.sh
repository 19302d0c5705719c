#!/usr/bin/env bash
# Makes a release of the last commit in clones of this checkout, twice, and tries what came out. Publishes nothing.
#   tools/test/release.sh        without helm on PATH, the npm package only
# shellcheck disable=SC2329 # functions are called by name, through check
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=tools/test/checks.sh
source tools/test/checks.sh

for tool in git npm node curl; do
  command -v "$tool" >/dev/null || give_up release "$tool is not on PATH"
done
root=$PWD
version=1.2.3-rc.1
one=$work/one/checkout two=$work/another/place/of-it
server=
clean_up() { stop; }

clone() { git clone --quiet --no-hardlinks "$root" "$1"; }
release() { (cd "$1" && "${@:2}" tools/release.sh "$version"); }
packs() { (cd "$one" && npm ci --ignore-scripts --no-audit --no-fund && tools/pack.sh "$version"); }
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
  helm template x "$chart" --set auth.token=t >"$work/rendered" || return
  grep -F "image: \"r.example/team/release-server:$version\"" "$work/rendered" && grep -x '    repository: release-server/releases' "$work/rendered"
}

# ---- the npm package, unpacked

package=$one/dist/release-server-$version.tgz
bundle=$work/release-server-$version
unpacks() { tar -xzf "$package" -C "$work"; }
bundle_right() {
  (cd "$bundle" && find . -type f ! -path './dist/*' | sort | tr '\n' ' ') >"$work/files"
  equal "$(<"$work/files")" \
    './.npmrc ./CHANGELOG.md ./LICENSE ./README.md ./contracts/openapi.yaml ./package-lock.json ./package.json ' || return
  equal "$(cd "$bundle" && find dist -type f ! -name '*.js' ! -name '*.d.ts' ! -path 'dist/browser/*' -o -name '*spec.*')" '' || return
  grep -x "  version: $version" "$bundle/contracts/openapi.yaml" && ! grep -E '"(dev|devDependencies|private)":' "$bundle"/package*.json
}
installs() { (cd "$bundle" && npm ci --omit=dev --no-audit --no-fund) && [ ! -e "$bundle/node_modules/typescript" ]; }
# starts COMMAND...: a server, which answers at $url from now on.
starts() {
  stop
  url=
  PORT=0 HOST=127.0.0.1 STORAGE_PATH=$work/data CONFIG_PATH='' "$@" >"$work/log" 2>&1 &
  server=$!
  for _ in $(seq 150); do
    url=$(sed -n 's/.*listening on \(http:[^ "]*\),.*/\1/p' "$work/log")
    [ -z "$url" ] || return 0
    sleep 0.2
  done
  cat "$work/log"
  return 1
}
stop() {
  [ -z "$server" ] || kill "$server" 2>/dev/null
  server=
}
serves() {
  starts env AUTH_TOKEN=t npm --prefix "$bundle" run --silent start:prod || return
  curl -fsS -H 'Authorization: Bearer t' -T "$bundle/LICENSE" "$url/assets/licence-1.0.0.txt" &&
    curl -fsS "$url/assets/licence-1.0.0.txt" | cmp - "$bundle/LICENSE" &&
    curl -fsS "$url/openapi.yaml" | cmp - "$bundle/contracts/openapi.yaml" && curl -fsS -o "$work/docs" "$url/docs"
}

# ---- the npm package, installed by a project outside of the checkout

project=$work/project
in_project() { (cd "$project" && "$@"); }
registry_answers() { npm view zod version; }
project_installs() {
  cp -R "$one/examples/extended-server" "$project"
  in_project npm install --no-audit --no-fund "$package" || return
  # Of two copies of Nest, neither would know the classes of the other.
  equal "$(in_project find node_modules -path '*/@nestjs/common/package.json')" node_modules/@nestjs/common/package.json
}
compiles() { in_project npm run build; }
hides_the_rest() {
  in_project node --eval 'import("release-server/dist/libs/storage/src/index.js").catch(({ code }) => console.log(code))' |
    grep -x ERR_PACKAGE_PATH_NOT_EXPORTED
}
has_a_program() {
  equal "$(in_project npx release-server --version)" "$version" && in_project npx release-server migrate --help
}
starts_extended() { starts env KEEP_RELEASES=1 "WEBHOOK_URL=$url/assets/nowhere" npm --prefix "$project" --silent start && grep '"keep_releases":1,.*packages are in memory' "$work/log"; }
publish() { curl -fsS -H "Authorization: Bearer $1" -T "$bundle/LICENSE" "$url/assets/$2"; }
logs() { # PATTERN
  for _ in $(seq 50); do
    ! grep "$1" "$work/log" || return 0
    sleep 0.1
  done
  return 1
}
verifies() { ! publish wrong a-1.0.0.txt && publish local-development-token a-1.0.0.txt && logs '"actor":"local"'; }
counts() { equal "$(curl -fsS "$url/stats")" "{\"packages\":1,\"bytes\":$(wc -c <"$bundle/LICENSE")}"; }
retains() {
  publish local-development-token b-2.0.0.txt && curl -fsS "$url/assets/b-2.0.0.txt" | cmp - "$bundle/LICENSE" &&
    ! curl -fsS "$url/assets/a-1.0.0.txt"
}

check 'the last commit can be cloned' clone "$one" || finish
if command -v helm >/dev/null; then
  clone "$two"
  check 'release.sh makes a release' release "$one" env REGISTRY=r.example AUTHOR=team || finish
  check 'it makes the service, the chart, the contract and their checksums' holds
  check 'the checksums are right' sums_right
  check 'it makes another in another place, at another time, with another umask and zone' \
    release "$two" bash -c 'umask 077 && export REGISTRY=r.example AUTHOR=team TZ=Asia/Tokyo && exec "$@"' -
  check 'both have the same bytes' same_bytes
  check 'the chart has the version, names the image that build.sh builds, and renders with its defaults' chart_right
  check 'release.sh refuses a tree that is not committed' refuses_dirty
  check 'release.sh refuses what is no version' refuses_bad_versions
  check 'release.sh refuses two versions' refuses 'more than one version' 1.2.3 1.2.4
  check 'release.sh refuses an unknown option' refuses 'unknown option' --nonsense
else
  skip 'the release as a whole' 'helm is not on PATH'
  check 'pack.sh makes the npm package' packs || finish
fi
check 'it leaves the checkout clean' equal "$(git -C "$one" status --porcelain)" ''
check 'the package can be unpacked' unpacks
check 'it holds the program, its types, manifest, lockfile, contract and texts, and nothing for development' bundle_right
check 'its production dependencies can be installed' installs
check 'it serves by npm run start:prod' serves
if registry_answers >/dev/null 2>&1; then
  check 'a project outside of the checkout installs it, with one Nest for both' project_installs || finish
  check 'its program runs by npx' has_a_program
  check 'the project compiles on its types, which are checked too' compiles
  check 'nothing but the documented exports can be imported' hides_the_rest
  check 'its server starts, with its store and its policy' starts_extended
  check 'its verifier says who publishes' verifies
  check 'its policy says what leaves' retains
  check 'its listener hears of it' logs '"change":"package.evicted","name":"a-1.0.0.txt"'
  check 'its route answers' counts
else
  skip 'a project outside of the checkout' 'npm reaches no registry'
fi

finish
