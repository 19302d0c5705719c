#!/usr/bin/env bash
# Makes the artifacts of a release out of the last commit. Publishes nothing.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: release.sh [VERSION]

Makes, in dist/, out of the last commit:

  release-server-VERSION.tgz        the service: npm ci --omit=dev && npm run start:prod
  release-server-chart-VERSION.tgz  the Helm chart
  openapi.yaml                      the HTTP contract
  SHA256SUMS                        their checksums

VERSION is a semantic version, by default the one in package.json. The chart's image
is the one that docker/build.sh builds, so REGISTRY, AUTHOR and IMAGE_NAME count here
too. Two runs on one commit give equal bytes. Needs Git, npm, helm and GNU tar.
TEXT
}

die() {
  printf 'release.sh: %s\n' "${1//[[:cntrl:]]/?}" >&2
  exit "${2:-2}"
}

case ${1:-} in
  -h | --help) usage; exit ;;
  -*) die "unknown option $1; see --help" ;;
esac
[ $# -le 1 ] || die 'more than one version given; see --help'

export LC_ALL=C TZ=UTC
umask 022
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=${1:-$(sed -n 's/^  "version": "\([^"]*\)",$/\1/p' package.json)}

# The grammar of semver.org, without build metadata: a tag of an image cannot hold its plus sign.
number='(0|[1-9][0-9]*)'
word='(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)'
[[ $version =~ ^$number\.$number\.$number(-$word(\.$word)*)?$ ]] ||
  die "VERSION '$version' is not a semantic version such as 1.2.3 or 1.2.3-rc.1 (no leading v, no build metadata)"

for tool in git npm helm; do command -v "$tool" >/dev/null || die "$tool is not on PATH" 1; done
tar=$(command -v gtar || command -v tar) || die 'tar is not on PATH' 1
[[ $("$tar" --version) == *'GNU tar'* ]] || die "$tar is not GNU tar, which packs reproducibly; install it as tar or gtar" 1
[ "$(git rev-parse --show-cdup 2>/dev/null || echo none)" = '' ] || die 'this is not the top of a Git checkout' 1
dirty=$(git status --porcelain)
[ -z "$dirty" ] || die "the tree has changes that are not committed, the first is '${dirty%%$'\n'*}'; commit or stash them" 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source=$work/source
bundle=$work/release-server-$version
mkdir "$source" "$bundle" "$work/chart" "$work/artifacts"
time=$(git log -1 --format=%ct)
git archive HEAD | "$tar" -x -C "$source"

# pack DIRECTORY ARCHIVE: the same bytes for the same files, whoever packs them, when and where.
pack() {
  "$tar" -c --format=ustar --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' \
    -C "$(dirname "$1")" "$(basename "$1")" | gzip -9n >"$work/artifacts/$2"
}

npm_in() { (cd "$1" && npm --no-audit --no-fund --no-update-notifier --ignore-scripts --loglevel=error "${@:2}" >&2); }

# The contract says its version in its fourth line or so, two spaces in, as `version: 1.2.3`.
sed "1,/^  version: /s/^  version: .*/  version: $version/" "$source/contracts/openapi.yaml" >"$work/artifacts/openapi.yaml"
grep -qx "  version: $version" "$work/artifacts/openapi.yaml" || die 'contracts/openapi.yaml: found no version to set' 1

# The service: npm itself takes the development part out of manifest and lockfile.
npm_in "$source" ci
npm_in "$source" run build
mkdir "$bundle/contracts"
cp "$work/artifacts/openapi.yaml" "$bundle/contracts/"
cp "$source"/{package.json,package-lock.json,LICENSE} "$bundle/"
(cd "$source" && find dist -type f ! -name '*.map' ! -name '*.tsbuildinfo' | "$tar" -c -T -) | "$tar" -x -C "$bundle"
echo 'engine-strict=true' >"$bundle/.npmrc"
start=$(cd "$bundle" && npm pkg get 'scripts.start:prod')
npm_in "$bundle" pkg delete devDependencies overrides scripts
npm_in "$bundle" pkg set --json "scripts={\"start:prod\": $start}" 'engines={"node": ">=24"}'
npm_in "$bundle" version --no-git-tag-version --allow-same-version "$version"
npm_in "$bundle" install --package-lock-only --offline --engine-strict=false
pack "$bundle" "release-server-$version.tgz"

# The chart: what helm packs, packed again, since helm writes the time of day.
image=$("$source/docker/build.sh" --tag "$version" --print)
cp -R "$source/charts/release-server" "$work/chart/"
sed "s|^  repository: .*|  repository: ${image%:*}|" "$source/charts/release-server/values.yaml" >"$work/chart/release-server/values.yaml"
helm package "$work/chart/release-server" --version "$version" --app-version "$version" --destination "$work" >&2
rm -r "$work/chart/release-server"
"$tar" -xzf "$work/release-server-$version.tgz" -C "$work/chart"
pack "$work/chart/release-server" "release-server-chart-$version.tgz"

if command -v sha256sum >/dev/null; then sums=(sha256sum); else sums=(shasum -a 256); fi
(cd "$work/artifacts" && "${sums[@]}" -- * >"$work/SHA256SUMS")
mkdir -p dist
rm -f dist/*.tgz dist/openapi.yaml dist/SHA256SUMS
mv "$work"/artifacts/* "$work/SHA256SUMS" dist/
(cd dist && cat SHA256SUMS)
