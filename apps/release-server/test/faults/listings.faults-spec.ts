import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

import { put } from '../support/client.js';
import { serveMany } from './support/many-packages.js';
import { row } from './support/row.js';
import { MB } from './support/transfers.js';

const PATHS = ['/packages?format=json', '/packages?format=html', '/latest'];

row(
  'R7',
  '10,000 packages, 200 listings at once, as JSON, as pages and as releases: each made once, memory flat',
  { rounds: { usual: 1, long: 50, of: 'rounds of 200 listings' } },
  async ({ server, rounds, directory, note }) => {
    const one = await serveMany({ server, directory });
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
