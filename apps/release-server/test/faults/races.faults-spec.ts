import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { get, json, names, post, put, remove, sha256 } from '../support/client.js';
import type { ServerProcess } from '../support/process.js';
import { until } from '../support/until.js';
import { row } from './support/row.js';

const OVERWRITE = { query: '?overwrite=true' };
/** Kept in memory by the server, read in one piece, and read in many. */
const SMALL = 50_000;
const MEDIUM = 150_000;
const LARGE = 1_300_000;

row(
  'C1',
  '64 creates of one name from 4 processes on one directory',
  { rounds: { usual: 20, long: 1000, of: 'rounds' } },
  async ({ server, rounds }) => {
    const servers = await Promise.all(Array.from({ length: 4 }, () => server({ MAX_PACKAGES: 'null' })));
    const at = (index: number): ServerProcess => servers[index % servers.length] as ServerProcess;
    for (let round = 0; round < rounds; round++) {
      const name = `r-${round}.bin`;
      const bodies = Array.from({ length: 64 }, (_, index) => `${round} of ${index}`.padEnd(1000 + index));
      const statuses = await Promise.all(
        bodies.map(async (body, index) => (await put(at(index), name, body)).status),
      );
      const winners = statuses.flatMap((status, index) => (status === 201 ? [index] : []));
      expect(`${winners.length} created, ${statuses.filter((one) => one === 409).length} refused`).toBe(
        '1 created, 63 refused',
      );
      // A process learns within a second of what another has published.
      for (const one of servers) {
        await until(async () => (await get(one, `/assets/${name}`)).status === 200);
        expect(await (await get(one, `/assets/${name}`)).text()).toBe(bodies[winners[0] ?? -1]);
      }
    }
    expect((await names(at(0))).length).toBe(rounds);
  },
);

row(
  'C2',
  '32 readers of small and large packages that are overwritten all the while',
  { rounds: { usual: 600, long: 10_000, of: 'reads' } },
  async ({ server, rounds, note }) => {
    const one = await server();
    const sent = new Map<string, Buffer>();
    let reads = 0;
    let overwrites = 0;
    const write = async (name: string, size: number): Promise<void> => {
      for (let version = 0; reads < rounds; version++) {
        const body = contentOf(`${name} ${version}`, size + (version % 3) * 100);
        sent.set(`"sha256:${sha256(body)}"`, body.subarray(0, 100));
        expect((await put(one, name, body, OVERWRITE)).status).toBe(version === 0 ? 201 : 200);
        overwrites += 1;
      }
    };
    const read = async (name: string): Promise<void> => {
      while (reads < rounds) {
        reads += 1;
        const { response, body } = await whole(get(one, `/assets/${name}`));
        expect(`${response.headers.get('etag')}, ${response.headers.get('content-length')} bytes`).toBe(
          `"sha256:${sha256(body)}", ${body.length} bytes`,
        );
        expect([...sent.keys()]).toContain(response.headers.get('etag'));
        if (reads % 20 === 0) await (await get(one, `/assets/${name}`)).body?.cancel();
      }
    };
    // Of little cost, so that many of them come between an overwrite and what follows it.
    const peek = async (): Promise<void> => {
      while (reads < rounds) {
        const { response, body } = await whole(get(one, '/assets/medium.bin', { Range: 'bytes=0-99' }));
        const tag = response.headers.get('etag') ?? '';
        expect(`${tag} begins with ${body.toString()}`).toBe(
          `${tag} begins with ${sent.get(tag)?.toString()}`,
        );
      }
    };
    const writing = [write('small.bin', SMALL), write('medium.bin', MEDIUM), write('large.bin', LARGE)];
    await until(async () => (await names(one)).length === 3);
    const readers = Array.from({ length: 24 }, (_, at) => read(at % 2 === 0 ? 'small.bin' : 'large.bin'));
    const peekers = Array.from({ length: 8 }, peek);
    await Promise.all([...readers, ...peekers, ...writing]);
    note(`${overwrites} overwrites`);
  },
);

row(
  'C3',
  'downloads that are broken off, and resumed while and after the package is overwritten',
  { rounds: { usual: 15, long: 500, of: 'overwrites' } },
  async ({ server, rounds, note }) => {
    const one = await server();
    const figures = { resumed: 0, whole: 0 };
    for (let round = 0; round < rounds; round++) {
      const [before, after] = ['before', 'after'].map((when) => contentOf(`${when} ${round}`, LARGE + round));
      if (before === undefined || after === undefined) throw new Error('there is no content');
      await put(one, 'a.bin', before, OVERWRITE);
      const broken = await breakOff(one, 300_000);
      const resume = async (ifRange: string): Promise<void> => {
        const headers = { Range: `bytes=${broken.part.length}-`, 'If-Range': ifRange };
        const { response, body } = await whole(get(one, '/assets/a.bin', headers));
        const isRest = response.status === 206;
        figures[isRest ? 'resumed' : 'whole'] += 1;
        const content = isRest ? Buffer.concat([broken.part, body]) : body;
        expect(`${response.status} with ${versionOf(content, { before, after })}`).toBe(
          isRest ? '206 with before' : `200 with ${versionOf(body, { before, after })}`,
        );
        expect(response.headers.get('etag')).toBe(`"sha256:${sha256(content)}"`);
      };
      await resume(broken.etag);
      const resumptions = Array.from({ length: 12 }, async (_, at) => {
        await delay(at);
        await resume(broken.etag);
      });
      await Promise.all([put(one, 'a.bin', after, OVERWRITE), ...resumptions]);
      await resume(broken.etag);
      // A date does not tell two versions of one second apart, however old they are.
      if (round % 5 > 0) continue;
      await delay(1100);
      await resume(broken.lastModified);
    }
    note(`${figures.resumed} resumed`);
    note(`${figures.whole} got the whole new version`);
    expect(figures.resumed).toBeGreaterThanOrEqual(rounds);
    expect(figures.whole).toBeGreaterThanOrEqual(rounds);
  },
);

row(
  'C4',
  '50 uploads at once into a server that keeps 5, and packages of one time that make room',
  { rounds: { usual: 10, long: 200, of: 'rounds' } },
  async ({ server, rounds, directory }) => {
    const one = await server({ MAX_PACKAGES: '5' });
    for (let round = 0; round < rounds; round++) {
      let uploading = true;
      const watching = watchLimit(one, 5, () => uploading);
      const answers = await Promise.all(
        Array.from({ length: 50 }, async (_, at) => {
          const upload = at % 2 === 0 ? put : post;
          const response = await upload(one, `u-${round}-${at}.bin`, `${round} ${at}`);
          expect(`upload: ${response.status}`).toBe(`upload: ${at % 2 === 0 ? 201 : 200}`);
          return json<{ name: string; created_at: string }>(response);
        }),
      ).finally(() => (uploading = false));
      await watching;
      const newest = answers
        .toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at))
        .slice(0, 5)
        .map(({ name }) => name);
      expect(await names(one)).toEqual(newest);
      expect(await onDisk(directory)).toEqual(newest.toSorted());
      if (round % 5 === 0) await makeRoomByName(one, directory, round);
    }
  },
);

/** Puts eight files of one time into the directory and publishes one: the first four by name make room for it. */
async function makeRoomByName(server: ServerProcess, directory: string, round: number): Promise<void> {
  for (const name of await names(server)) expect((await remove(server, name)).status).toBe(204);
  const tied: string[] = [];
  // Those that have to go are met last, so that the order in which files are found is another one.
  for (const letters of ['hfge', 'cadb']) {
    for (const letter of letters) {
      const name = `${letter}-${round}.bin`;
      await writeFile(join(directory, name), name);
      await utimes(join(directory, name), 1_700_000_000, 1_700_000_000);
      tied.push(name);
    }
    await until(async () => (await names(server)).length === tied.length);
  }
  const last = `z-${round}.bin`;
  expect((await put(server, last, last)).status).toBe(201);
  expect(`left: ${(await names(server)).join(' ')}`).toBe(
    `left: ${[last, ...tied.toSorted().slice(4)].join(' ')}`,
  );
}

async function watchLimit(server: ServerProcess, limit: number, goesOn: () => boolean): Promise<void> {
  while (goesOn()) {
    const listed = await names(server);
    if (listed.length > limit) throw new Error(`${listed.length} packages are listed, the limit is ${limit}`);
    await delay(5);
  }
}

async function onDisk(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => !name.startsWith('.')).toSorted();
}

/** The answer with its body, which has to come whole. */
async function whole(answer: Promise<Response>): Promise<{ response: Response; body: Buffer }> {
  const response = await answer;
  if (!response.ok) throw new Error(`a read was answered with ${response.status}`);
  try {
    return { response, body: Buffer.from(await response.arrayBuffer()) };
  } catch (error) {
    throw new Error(`an answer of ${response.headers.get('content-length')} bytes was cut short`, {
      cause: error,
    });
  }
}

/** Begins to download and leaves after so many bytes or a little more. */
async function breakOff(
  server: ServerProcess,
  enough: number,
): Promise<{ part: Buffer; etag: string; lastModified: string }> {
  const { body, headers } = await get(server, '/assets/a.bin');
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= enough) break;
  }
  const [etag, lastModified] = [headers.get('etag'), headers.get('last-modified')];
  return { part: Buffer.concat(chunks), etag: etag ?? '', lastModified: lastModified ?? '' };
}

function versionOf(content: Buffer, versions: Record<string, Buffer>): string {
  const found = Object.entries(versions).find(([, version]) => version.equals(content));
  return found?.[0] ?? 'a splice';
}

/** Bytes that begin with what they are, and say it again and again. */
function contentOf(what: string, length: number): Buffer<ArrayBuffer> {
  return Buffer.alloc(length, `${what} `);
}
