// Bundles what the server loads at a start into dist/server/main.js: docs/adr/0009-one-file-to-start-from.md
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { build } from 'esbuild';

/** Loaded from node_modules, later or never: the SDK, Swagger UI, readable logs, and optional dependencies of Nest. */
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
 * Nest logs the names of classes, and of two with the same name the bundler renames the second. Its `keepNames` would
 * also set the name of every function, each time one is created.
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

/** Importing `node:http` evaluates all its exports, for which Node loads its WebSocket client: a tenth of the start. */
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
