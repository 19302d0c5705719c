// Bundles what the server loads at a start into dist/server/main.js: docs/adr/0009-one-file-to-start-from.md
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { build } from 'esbuild';

/** What is loaded later or never, from node_modules as ever: the SDK, readable logs, and what is an option of Nest. */
const EXTERNAL = [
  '@aws-sdk/*',
  '@smithy/*',
  'pino-pretty',
  'swagger-ui-dist',
  '@nestjs/microservices',
  '@nestjs/websockets',
  'class-transformer',
  'class-validator',
];

/** A class, as compilers write it: at the beginning of a line. */
const CLASS =
  /^((?:export )?(?:default )?(?:(?:let|const|var) [\w$]+ = (?:[\w$]+ = )?)?class ([\w$]+)[^{\n]*\{)/gm;

/**
 * Nest logs the names of its classes, and of two with one name the bundler renames the second. Its `keepNames` would
 * name all functions too, each time that one is made.
 */
const classNames = {
  name: 'class-names',
  setup({ onLoad }) {
    const named = '$1 static { Object.defineProperty(this, "name", { value: "$2", configurable: true }); }';
    onLoad({ filter: /\.m?js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(CLASS, named),
    }));
  },
};

/** To import `node:http` evaluates all that it exports, for which Node loads its WebSocket client: a tenth of the start. */
const httpAlone = {
  name: 'http-alone',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?http$/ }, () => ({ path: 'node:http', namespace: 'http-alone' }));
    onLoad({ filter: /^/, namespace: 'http-alone' }, () => ({
      contents: "module.exports = process.getBuiltinModule('node:http');",
    }));
  },
};

/** @param tree - Where `dist` and `node_modules` are. */
export async function bundle(tree) {
  const outdir = join(tree, 'dist/server');
  await rm(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: tree,
    entryPoints: ['dist/apps/release-server/src/main.js'],
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: EXTERNAL,
    // For modules that are CommonJS.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    plugins: [classNames, httpAlone],
    legalComments: 'eof',
    logLevel: 'warning',
  });
}

if (import.meta.main) await bundle(resolve('.'));
