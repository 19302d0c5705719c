// What a request that comes often has the server do, counted instead of timed: a change that doubles it fails here.
import { once } from 'node:events';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { Agent, request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { join, resolve } from 'node:path';

import { startBuilt, type BuiltServer } from './support/built-server.js';
import { makeDirectory } from './support/process.js';
import { TOKEN } from './support/server.js';
import { until } from './support/until.js';

const COUNTER = resolve('apps/release-server/test/support/work.mjs');
/** Nothing is collected while bytes are counted, unless the counter says so. */
const NODE_OPTIONS = [
  `--import=${COUNTER}`,
  '--expose-gc',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
];
const KB = 1024;
const ATTEMPTS = 3;
/** In flight at once, so that what is done now and then, such as to write the log, is done for several. */
const CONCURRENCY = 10;

/** What one request has the server do, on average. */
interface Work {
  /** On connections. A head and a small body take one. */
  readonly socketWrites: number;
  /** Operations on files and directories, other than the following. */
  readonly files: number;
  readonly syncs: number;
  readonly logWrites: number;
  readonly timers: number;
  readonly hashes: number;
  readonly randoms: number;
  /** Allocated, on the heap and in buffers. */
  readonly bytes: number;
}

interface Asked {
  readonly method?: string;
  readonly path: string | (() => string);
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
  /** Requests in flight at once. */
  readonly concurrency?: number;
}

/** A log is written, and the directory looked at, several times a second, for however many requests. */
const NOW_AND_THEN_PER_SECOND = 25;
const NOW_AND_THEN: readonly (keyof Work)[] = ['files', 'logWrites', 'timers'];

/** The most that is allowed: half as much again as what was counted, where that is more than one. */
const SMALL_ANSWER: Work = {
  socketWrites: 1,
  files: 0.3,
  syncs: 0,
  logWrites: 0.3,
  timers: 0.3,
  hashes: 0,
  randoms: 0,
  bytes: 29 * KB,
};
const LONG_ANSWER: Work = { ...SMALL_ANSWER, socketWrites: 24, bytes: 260 * KB };
// One timer, by which a slow reader is told.
const DOWNLOAD: Work = { ...SMALL_ANSWER, socketWrites: 29, files: 29, timers: 1, bytes: 300 * KB };
const PUBLISH: Work = {
  ...SMALL_ANSWER,
  files: 14,
  syncs: 2,
  timers: 1.5,
  hashes: 2,
  randoms: 1,
  bytes: 200 * KB,
};

const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
afterAll(() => agent.destroy());

describe.each([10, 1000])(
  'With %i packages, a request has the server do no more than it has to:',
  (packages) => {
    let server: BuiltServer;
    let published = 0;
    const ends: (() => Promise<unknown>)[] = [];

    beforeAll(async () => {
      const directory = await makeDirectory();
      const storage = join(directory.path, 'data');
      await mkdir(storage);
      for (let at = 0; at < packages; at++) {
        await writeFile(join(storage, `package-v1.${at}.0.zip`), Buffer.alloc(4 * KB, 'x'));
      }
      await writeFile(join(storage, 'large.zip'), Buffer.alloc(10 * KB * KB));
      const log = await open(join(directory.path, 'log'), 'w');
      const environment = { STORAGE_PATH: storage, AUTH_TOKEN: TOKEN, MAX_PACKAGES: 'null' };
      server = await startBuilt(environment, { stdout: log.fd, nodeOptions: NODE_OPTIONS });
      ends.push(
        () => server.stop(),
        () => log.close(),
        () => rm(storage, { recursive: true }),
        () => directory.remove(),
      );
      // Files are hashed in the background.
      await until(
        async () =>
          !(await (await fetch(`${server.url}/packages?format=json`)).text()).includes('"sha256":null'),
      );
    }, 60_000);
    afterAll(async () => {
      for (const end of ends) await end();
    });

    it('GET /latest', async () => {
      const most = packages === 10 ? SMALL_ANSWER : LONG_ANSWER;
      expect(await excess({ path: '/latest' }, most)).toEqual([]);
    });

    it('GET /latest, 304', async () => {
      const headers = { 'If-None-Match': await etagOf('/latest') };
      expect(await excess({ path: '/latest', headers }, SMALL_ANSWER)).toEqual([]);
    });

    it('GET a small package', async () => {
      expect(await excess({ path: '/assets/package-v1.0.0.zip' }, SMALL_ANSWER)).toEqual([]);
    });

    it('GET a small package, 304', async () => {
      const path = '/assets/package-v1.0.0.zip';
      const headers = { 'If-None-Match': await etagOf(path) };
      expect(await excess({ path, headers }, SMALL_ANSWER)).toEqual([]);
    });

    it.each(['json', 'html'])('GET a page of ten as %s', async (format) => {
      const path = `/packages?format=${format}&per_page=10`;
      expect(await excess({ path }, SMALL_ANSWER)).toEqual([]);
    });

    it('GET 10 MB', async () => {
      expect(await excess({ path: '/assets/large.zip' }, DOWNLOAD, 8)).toEqual([]);
    });

    it('PUT 4 kB', async () => {
      const headers = { Authorization: `Bearer ${TOKEN}` };
      // Also when it is measured again, each has a name of its own.
      const path = (): string => `/assets/new-${published++}.zip`;
      // One after another, for publishes of the same moment share a sync.
      const asked = { method: 'PUT', path, headers, body: Buffer.alloc(4 * KB), concurrency: 1 };
      expect(await excess(asked, PUBLISH, 40)).toEqual([]);
    });

    /** What is more than is allowed, with both. Of a busy machine it is asked again: functions are compiled late there. */
    async function excess(asked: Asked, most: Work, requests = 100): Promise<string[]> {
      let found: string[] = [];
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const did = await work(asked, requests);
        const kinds = (Object.keys(most) as (keyof Work)[]).filter((kind) => did[kind] > most[kind]);
        found = kinds.map((kind) => `${kind}: ${did[kind].toFixed(2)}, where ${most[kind]} is the most`);
        if (found.length === 0) break;
      }
      return found;
    }

    /** What a request does on average, after as many that compile what is used often. */
    async function work(asked: Asked, requests: number): Promise<Work> {
      await sendAll(asked, 2 * requests);
      await counted();
      const start = performance.now();
      await sendAll(asked, requests);
      const sums = await counted();
      const nowAndThen = ((performance.now() - start) / 1000) * NOW_AND_THEN_PER_SECOND;
      const ofOne = Object.entries(sums).map(([kind, sum]) => {
        const own = NOW_AND_THEN.includes(kind as keyof Work) ? Math.max(0, sum - nowAndThen) : sum;
        return [kind, own / requests];
      });
      return Object.fromEntries(ofOne) as Work;
    }

    /** What the server has done since this was asked last. */
    async function counted(): Promise<Record<string, number>> {
      const answer = once(server.child, 'message') as Promise<[Record<string, number>]>;
      server.child.send('');
      const [sums] = await answer;
      return sums;
    }

    async function sendAll(asked: Asked, requests: number): Promise<void> {
      const { concurrency = CONCURRENCY } = asked;
      for (let left = requests; left > 0; left -= concurrency) {
        await Promise.all(Array.from({ length: Math.min(concurrency, left) }, () => send(asked)));
      }
    }

    async function send({ method = 'GET', path, headers = {}, body }: Asked): Promise<IncomingMessage> {
      const address = `${server.url}${typeof path === 'string' ? path : path()}`;
      const sent = request(address, { agent, method, headers }).end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      await once(response, 'end');
      expect(response.statusCode).toBeLessThan(400);
      return response;
    }

    async function etagOf(path: string): Promise<string> {
      return (await send({ path })).headers.etag ?? '';
    }
  },
);
