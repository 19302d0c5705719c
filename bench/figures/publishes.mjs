// Small durable publishes to a directory that is empty at first, by one client and by sixteen.
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { contestantsFor, running } from '../contestants.mjs';
import { transfers } from '../load/transfers.mjs';
import { measured } from '../measure.mjs';
import { TOKEN } from '../server.mjs';

const BYTES = 4096;
/** Publishes that do not count: until then much of a server is not compiled, whose rate doubles meanwhile. */
const WARM_UP = { quick: 500, full: 2000 };
const PER_SECOND = 500;
const LOOP = fileURLToPath(new URL('../peers/durable-loop.mjs', import.meta.url));

export const figures = {
  'publish-1': { title: 'PUT 4 kB, one client', streams: 1, isFresh: true },
  'publish-16': { title: 'PUT 4 kB, sixteen clients', streams: 16, isFresh: true },
};

export async function run(bench, wanted) {
  const seed = (storage) => mkdir(storage, { recursive: true });
  const options = { seed, environment: { MAX_PACKAGES: 'null' } };
  const contestants = await contestantsFor('publish', bench);
  if (bench.hasPeers) contestants.push({ name: 'bare loop', start: startLoop });
  for (const name of wanted) {
    const { streams } = figures[name];
    const requests = bench.seconds * PER_SECOND;
    const warmUp = bench.isQuick ? WARM_UP.quick : WARM_UP.full;
    await bench.compare(name, figures[name], contestants, (contestant) =>
      running([contestant], bench.directory, options, async ([one]) => {
        if (one.url === undefined) return measured(one, () => loop(one, { requests, streams }));
        await publish(one, 'warm-up', { requests: warmUp, streams });
        return measured(one, () => publish(one, 'counted', { requests, streams }));
      }),
    );
  }
}

function publish({ url }, name, job) {
  const headers = { Authorization: `Bearer ${TOKEN}` };
  return transfers({ ...job, method: 'PUT', url: `${url}/assets/${name}-NUMBER.zip`, headers, size: BYTES });
}

/** A program that only makes the system calls of a publish. */
async function startLoop(directory, { seed }) {
  const storage = join(directory, 'loop');
  await seed(storage);
  return { name: 'bare loop', storage, stop: () => rm(storage, { recursive: true }) };
}

async function loop({ storage }, { requests, streams }) {
  const words = [LOOP, storage, BYTES, requests, streams].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout);
}
