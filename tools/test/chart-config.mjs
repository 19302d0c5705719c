// Prints, as JSON, what the server's own loader reads from the ConfigMap in a manifest; fails where it refuses it.
//   node --experimental-transform-types tools/test/chart-config.mjs MANIFEST [KEY...]     with keys, only those
import '../generate/sources.mjs';

import { readFileSync, writeFileSync } from 'node:fs';

import { loadAll } from 'js-yaml';

const { loadConfig } = await import('../../apps/release-server/src/config/config.loader.ts');

const [manifest, ...keys] = process.argv.slice(2);
const { data } = loadAll(readFileSync(manifest, 'utf8')).find((object) => object?.kind === 'ConfigMap');
const path = `${manifest}.config.yaml`;
writeFileSync(path, data['config.yaml']);
const config = loadConfig(undefined, { CONFIG_PATH: path });
console.log(JSON.stringify(config, keys.length > 0 ? keys : undefined));
