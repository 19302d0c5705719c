import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { get, json, put } from '../support/client.js';
import type { ServerProcess } from '../support/process.js';
import { row } from './support/row.js';
import { MB } from './support/transfers.js';

const PACKAGES = 10_000;
const PATHS = ['/packages?format=json', '/packages?format=html', '/latest'];

row(
  'R7',
  '10,000 packages, 200 listings at once, as JSON, as pages and as releases: each made once, memory flat',
  { rounds: { usual: 1, long: 50, of: 'rounds of 200 listings' } },
  async ({ server, rounds, directory, note }) => {
    const files = Array.from({ length: PACKAGES }, (_, index) => `tool-${index % 100}-v1.${index}.0.zip`);
    for (let index = 0; index < files.length; index += 500) {
      const some = files.slice(index, index + 500);
      await Promise.all(some.map((name) => writeFile(join(directory, name), name)));
    }
    const one = await server({ MAX_PACKAGES: 'null' });
    await untilHashed(one);
    const { memory: idle } = await one.inspect();
    let bytes = 0;
    for (let round = 0; round < rounds; round++) {
      // What was made before is of no use now.
      expect((await put(one, `new-${round}`, 'x')).status).toBe(201);
      const listings = await Promise.all(
        Array.from({ length: 200 }, (_, index) => begin(one.port, PATHS[index % PATHS.length] ?? '')),
      );
      // All have begun, and none is read: whatever is held for each is held now.
      const digests = await Promise.all(listings.map((listing) => finish(listing)));
      expect(new Set(digests.map(({ digest }) => digest)).size).toBe(PATHS.length);
      bytes = digests.slice(0, 3).reduce((sum, { length }) => sum + length, 0);
    }
    const { peak } = await one.inspect();
    note(`${(bytes / MB).toFixed(1)} MB of answers a round and kind`);
    note(`idle ${Math.round(idle / MB)} MB`);
    note(`peak ${Math.round(peak / MB)} MB`);
    expect(peak - idle).toBeLessThan(150 * MB);
  },
);

/** Waits until nothing changes what is listed any more. */
async function untilHashed(server: ServerProcess): Promise<void> {
  for (;;) {
    const packages = await json<{ sha256: string | null }[]>(await get(server, '/packages?format=json'));
    if (packages.every(({ sha256 }) => sha256 !== null)) return;
    await delay(1000);
  }
}

async function begin(port: number, path: string): Promise<IncomingMessage> {
  const sent = request({ port, host: '127.0.0.1', agent: false, path });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  return response;
}

async function finish(response: IncomingMessage): Promise<{ digest: string; length: number }> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of response) {
    hash.update(chunk as Buffer);
    length += (chunk as Buffer).length;
  }
  expect(length).toBe(Number(response.headers['content-length']));
  return { digest: hash.digest('hex'), length };
}
