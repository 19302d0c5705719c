// Shows that each rule about imports refuses what it is for: makes a tree of the product's folders in which every rule is
// broken once, and has dependency-cruiser look at it.
//   npm run check -- imports
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

import rules, { ROOMS } from '../../.dependency-cruiser.js';
import folders from '../../.dependency-cruiser.folders.js';

const APP = 'apps/release-server/src';
const room = (name, file) => `${APP}/${name}/${file}.ts`;

/** By rule, a file and what it must not import. */
const REFUSED = {
  'no-circular': [`${APP}/http/a.ts`, `${APP}/http/b.ts`, `${APP}/http/a.ts`],
  'libs-do-not-know-apps': ['libs/auth/src/of-app.ts', `${APP}/http/a.ts`],
  'storage-and-glob-import-no-sibling': ['libs/storage/src/of-auth.ts', 'libs/auth/src/index.ts'],
  'auth-imports-glob-only': ['libs/auth/src/of-storage.ts', 'libs/storage/src/inside.ts'],
  'releases-import-storage-only': ['libs/releases/src/of-retention.ts', 'libs/retention/src/index.ts'],
  'retention-imports-releases-storage-and-glob-only': [
    'libs/retention/src/of-auth.ts',
    'libs/auth/src/index.ts',
  ],
  'only-auth-knows-of-http': ['libs/releases/src/of-http.ts', 'node:http'],
  'libs-are-entered-through-their-index': [room('packages', 'behind'), 'libs/storage/src/inside.ts'],
  'index-is-for-outsiders': ['libs/storage/src/from-outside.ts', 'libs/storage/src/index.ts'],
  'a-room-has-its-place': [room('attic', 'a'), `${APP}/http/a.ts`],
  'express-stays-behind-its-adapter': [room('server', 'on-express'), 'express'],
  'browser-shares-what-pages-render': ['apps/release-server/browser/a.ts', `${APP}/http/a.ts`],
  'server-does-not-import-scripts-of-pages': [room('web', 'script'), 'apps/release-server/browser/b.ts'],
  'examples-know-only-the-package': ['examples/one/main.ts', `${APP}/http/a.ts`],
  'nothing-imports-examples': [room('web', 'example'), 'examples/one/other.ts'],
  'product-does-not-import-tests': [room('web', 'tested'), 'apps/release-server/test/support.ts'],
  'no-circles-between-folders': [
    room('web', 'x/a'),
    room('web', 'y/a'),
    room('web', 'y/b'),
    room('web', 'x/b'),
  ],
  ...Object.fromEntries(
    ROOMS.map((name, at) => [
      `${name}-knows-the-rooms-below-it`,
      [room(name, 'up'), at + 1 < ROOMS.length ? room(ROOMS[at + 1], 'down') : `${APP}/serve.ts`],
    ]),
  ),
};

const tree = await mkdtemp(join(tmpdir(), 'import-rules-'));
await symlink(resolve('node_modules'), join(tree, 'node_modules'));
await writeFile(join(tree, 'tsconfig.json'), '{}');
await writeFile(join(tree, 'package.json'), '{ "type": "module" }');
const isFile = (target) => target.endsWith('.ts');
const sources = new Map();
const imports = (from, to) => {
  sources.set(from, [...(sources.get(from) ?? []), ...(to === undefined ? [] : [to])]);
};
for (const [from, ...to] of Object.values(REFUSED)) {
  let last = from;
  for (const next of to) {
    imports(last, next);
    last = next;
  }
  if (isFile(last)) imports(last);
}
for (const [path, targets] of sources) {
  const lines = targets.map((target) => {
    const way = isFile(target) ? `./${relative(dirname(path), target)}` : target;
    return `import '${way.replace(/\.ts$/, '.js')}';\n`;
  });
  await mkdir(join(tree, dirname(path)), { recursive: true });
  await writeFile(join(tree, path), `${lines.join('')}export {};\n`);
}

async function cruise(config) {
  const program = resolve('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const parameters = [
    program,
    '--config',
    resolve(config),
    '--output-type',
    'json',
    'apps',
    'libs',
    'examples',
  ];
  const options = { cwd: tree, maxBuffer: 2 ** 28 };
  // It ends with the number of violations.
  const output = await new Promise((done) => {
    execFile(process.execPath, parameters, options, (_, stdout) => done(stdout));
  });
  return JSON.parse(output).summary.violations;
}

const violations = [
  ...(await cruise('.dependency-cruiser.js')),
  ...(await cruise('.dependency-cruiser.folders.js')),
];
await rm(tree, { recursive: true });

const all = [...rules.forbidden, ...folders.forbidden].map(({ name }) => name);
const untried = all.filter((name) => REFUSED[name] === undefined);
const kept = Object.keys(REFUSED).filter((name) => {
  const [from] = REFUSED[name];
  return !violations.some((one) => one.rule.name === name && [from, dirname(from)].includes(one.from));
});
for (const name of untried) console.log(`no import tries the rule ${name}`);
for (const name of kept) console.log(`${name} does not refuse ${REFUSED[name].join(' → ')}`);
process.exitCode = untried.length + kept.length > 0 ? 1 : 0;
