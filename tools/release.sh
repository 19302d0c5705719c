#!/usr/bin/env bash
# Makes the artifacts of a release out of the last commit. Publishes nothing.
set -euo pipefail
# shellcheck source=tools/archive.sh
source "$(dirname "${BASH_SOURCE[0]}")/archive.sh"

usage() {
  cat <<'TEXT'
usage: release.sh [VERSION]

Makes, in dist/, out of the last commit:

  release-server-VERSION.tgz        the service, as an npm package: made by tools/pack.sh
  release-server-chart-VERSION.tgz  the Helm chart
  openapi.yaml                      the HTTP contract
  SHA256SUMS                        their checksums

VERSION is a semantic version, by default the one in package.json. The chart's image
is the one that docker/build.sh builds, so REGISTRY, AUTHOR and IMAGE_NAME count here
too. Two runs on one commit give equal bytes. Needs Git, npm, helm and GNU tar.
TEXT
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
[ "$(git rev-parse --show-cdup 2>/dev/null || echo none)" = '' ] || die 'this is not the top of a Git checkout' 1
dirty=$(git status --porcelain)
[ -z "$dirty" ] || die "the tree has changes that are not committed, the first is '${dirty%%$'\n'*}'; commit or stash them" 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source=$work/source
mkdir "$source" "$work/chart" "$work/artifacts"
git archive HEAD | "$tar" -x -C "$source"

# The service, and the contract as it has it.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
(cd "$source" && npm ci --no-audit --no-fund --no-update-notifier --ignore-scripts --loglevel=error) >&2
service=release-server-$version
"$source/tools/pack.sh" "$version" >&2
mv "$source/dist/$service.tgz" "$work/artifacts/"
"$tar" -xzOf "$work/artifacts/$service.tgz" "$service/contracts/openapi.yaml" >"$work/artifacts/openapi.yaml"

# The chart: what helm packs, packed again, since helm writes the time of day.
image=$("$source/docker/build.sh" --tag "$version" --print)
cp -R "$source/charts/release-server" "$work/chart/"
# The first key of that name is the image's; another is one of the server's own.
sed "/^image:/,/^  repository:/s|^  repository: .*|  repository: ${image%:*}|" "$source/charts/release-server/values.yaml" >"$work/chart/release-server/values.yaml"
helm package "$work/chart/release-server" --version "$version" --app-version "$version" --destination "$work" >&2
rm -r "$work/chart/release-server"
"$tar" -xzf "$work/release-server-$version.tgz" -C "$work/chart"
archive "$work/chart/release-server" "$work/artifacts/release-server-chart-$version.tgz"

if command -v sha256sum >/dev/null; then sums=(sha256sum); else sums=(shasum -a 256); fi
(cd "$work/artifacts" && "${sums[@]}" -- * >"$work/SHA256SUMS")
mkdir -p dist
rm -f dist/*.tgz dist/openapi.yaml dist/SHA256SUMS
mv "$work"/artifacts/* "$work/SHA256SUMS" dist/
(cd dist && cat SHA256SUMS)
