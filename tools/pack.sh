#!/usr/bin/env bash
# Makes the npm package of this checkout: dist/release-server-VERSION.tgz.
#   tools/pack.sh [VERSION]        VERSION is by default the one in package.json
# Two runs on one commit give equal bytes. Needs npm ci before, and GNU tar.
set -euo pipefail
# shellcheck source=tools/archive.sh
source "$(dirname "${BASH_SOURCE[0]}")/archive.sh"
export LC_ALL=C TZ=UTC
umask 022
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=${1:-$(sed -n 's/^  "version": "\([^"]*\)",$/\1/p' package.json)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
package=$work/release-server-$version
mkdir "$package" "$package/contracts"

npm run --silent build >&2
node_modules/.bin/tsc --build libs/storage/tsconfig.testing.json
# The contract says its version in its fourth line or so, two spaces in, as `version: 1.2.3`.
sed "1,/^  version: /s/^  version: .*/  version: $version/" contracts/openapi.yaml >"$package/contracts/openapi.yaml"
grep -qx "  version: $version" "$package/contracts/openapi.yaml" || die 'contracts/openapi.yaml: found no version to set' 1
cp package.json package-lock.json LICENSE README.md CHANGELOG.md "$package/"
find dist/apps dist/libs dist/browser dist/server -type f ! -name '*.map' ! -name '*.tsbuildinfo' | "$tar" -c -T - | "$tar" -x -C "$package"
echo 'engine-strict=true' >"$package/.npmrc"

# What differs from a checkout, for Node and compilers below node_modules: no sources, and no Node of its own.
# Extensions and server must have the same Nest: of two copies, neither would know the classes of the other.
cd "$package"
node - "$version" <<'JS'
const { readFileSync, writeFileSync } = require('node:fs');
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const { private: _, devDependencies, overrides, ...kept } = manifest;
const shared = ['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs'];
const versions = Object.entries(manifest.dependencies);
const only = (test) => Object.fromEntries(versions.filter(([name]) => test(name)));
Object.assign(kept, {
  version: process.argv[2],
  engines: { node: '>=24' },
  imports: Object.fromEntries(Object.entries(manifest.imports).map(([name, target]) => [name, target.default])),
  scripts: { 'start:prod': manifest.scripts['start:prod'] },
  dependencies: only((name) => !shared.includes(name)),
  peerDependencies: only((name) => shared.includes(name)),
});
writeFileSync('package.json', `${JSON.stringify(kept, undefined, 2)}\n`);
JS
npm --no-audit --no-fund --no-update-notifier --ignore-scripts --engine-strict=false --loglevel=error install --package-lock-only --offline >&2
cd "$OLDPWD"

archive "$package" "dist/release-server-$version.tgz"
echo "dist/release-server-$version.tgz"
