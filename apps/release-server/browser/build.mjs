// Makes what the pages load, in dist/browser: bundled, minified, each file named after its content.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const outdir = fileURLToPath(new URL('../../../dist/browser', import.meta.url));

await rm(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: here,
  // What is imported from one of these becomes a part of it: a page loads one script and one style sheet.
  entryPoints: ['page.ts', 'digest.worker.ts', 'docs.ts', 'release.ts', 'pages.css', 'icon.svg'],
  entryNames: '[name]-[hash]',
  outdir,
  bundle: true,
  // Of libraries that are imported by name.
  conditions: ['source'],
  minify: true,
  format: 'esm',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.svg': 'copy' },
  legalComments: 'eof',
  logLevel: 'warning',
});
