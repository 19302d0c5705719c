// What the page of packages costs with 10,000 packages, beside what it costs with 100: npm run bench -- pages
// Two built servers take turns in one run, for each kind of request; the ratio is that of the medians. The goal is at
// most 2. Only "prepared" answers were asked for before; of the others none was.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { startBuilt } from '../apps/release-server/test/support/built-server.ts';
import { median, timed } from './timing.mjs';

const FEW = 100;
const MANY = 10_000;
const ROUNDS = 200;
/** Rounds that are not counted: the first requests are slow everywhere. */
const WARM_UP = 50;
/** All names begin so. */
const COMMON = 'spec-kit-template-agent';

/** Queries by round; each shows as many rows with few packages as with many. */
const KINDS = {
  'first page, prepared': () => '',
  'page 50 of two packages each, prepared': () => 'per_page=2&page=50',
  'search that one package fits': (round) => `q=n${String(round % FEW).padStart(5, '0')}+${common(round)}`,
  'search that no package fits': (round) => `q=nothing${round}`,
  'search that all packages fit': (round) => `q=${common(round)}`,
  'search that all packages fit, by size': (round) => `q=${common(round)}&sort=size`,
  'search that all packages fit, by name, page 5': (round) =>
    `q=${common(round)}&sort=name&per_page=20&page=5`,
};

const agent = new Agent({ keepAlive: true });
const few = await serve(FEW);
const many = await serve(MANY);
for (const [kind, query] of Object.entries(KINDS)) {
  const times = new Map([few, many].map((server) => [server, []]));
  for (let round = 0; round < ROUNDS; round++) {
    // Whoever comes first may pay for both.
    for (const server of round % 2 === 0 ? [few, many] : [many, few]) {
      const time = await timed(() => get(`${server.url}/packages?${query(round)}`));
      if (round >= WARM_UP) times.get(server).push(time);
    }
  }
  const ratio = median(times.get(many)) / median(times.get(few));
  console.log(`${kind}: ${ratio.toFixed(2)} times as long with ${MANY} packages as with ${FEW}`);
}
for (const server of [few, many]) await server.end();
agent.destroy();

/** Words that are in all names, others in every round. */
function common(round) {
  return `${COMMON.slice(round % 15)}+${COMMON.slice(Math.floor(round / 15))}`;
}

/** The built server, on so many packages of different sizes, each a release of its own, which is most to group. */
async function serve(count) {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'));
  for (let at = 0; at < count; at++) {
    const name = `${COMMON}${at % 17}-n${String(at).padStart(5, '0')}-v1.${at}.0.zip`;
    await writeFile(join(directory, name), 'x'.repeat(1 + (at % 997)));
  }
  const { url, stop } = await startBuilt({
    STORAGE_PATH: directory,
    AUTH_TOKEN: 'token',
    MAX_PACKAGES: 'null',
  });
  // Digests are computed in the background, and each changes the list.
  while ((await get(`${url}/packages?format=json`)).includes('"sha256":null')) await delay(200);
  const end = async () => {
    await stop();
    await rm(directory, { recursive: true });
  };
  return { url, end };
}

/** As browsers ask. */
async function get(address) {
  const headers = { Accept: 'text/html', 'Accept-Encoding': 'br' };
  const [response] = await once(request(address, { agent, headers }).end(), 'response');
  const text = Buffer.concat(await response.toArray()).toString();
  if (response.statusCode !== 200) throw new Error(`${address} answered ${response.statusCode}: ${text}`);
  return text;
}
