import { readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { dirname } from 'node:path';

// Not by its name, which older Nodes lack: see require-node.ts.
const manifest = nodeModule.findPackageJSON('..', import.meta.url);
if (manifest === undefined) throw new Error('package.json, beside which everything lies, is missing');

/** Where the product lies: the directory of `package.json`, `contracts` and `dist`. */
export const PRODUCT_ROOT = dirname(manifest);

const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };

/** The version of this release. */
export const PRODUCT_VERSION = version;
