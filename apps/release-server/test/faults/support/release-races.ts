import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { get, json, sha256 } from '../../support/client.js';
import type { ServerProcess } from '../../support/process.js';
import { until } from '../../support/until.js';
import { putAsset, say } from './release-load.js';

/** What a release has before it is published. */
const FILES = ['tool-linux', 'tool-mac', 'tool-windows.exe', 'latest.yml'];
/** What is uploaded while it is. */
const LATE = ['late-1', 'late-2', 'late-3', 'late-4'];
const CREATES = 16;

const contentOf = (tag: string, file: string): string => `${file} of ${tag}`;

/** Some servers on one store: each may be asked for everything. */
type Servers = readonly [ServerProcess, ...ServerProcess[]];

export function oneOf(servers: Servers, at: number): ServerProcess {
  return servers[at % servers.length] ?? servers[0];
}

/** Makes a draft with all of its files, each through any server. */
export async function makeDraft(servers: Servers, tag: string): Promise<void> {
  const made = await say(servers[0], 'POST', '', { tag, draft: true });
  expect(`draft ${tag}: ${made.status}`).toBe(`draft ${tag}: 201`);
  for (const [at, file] of FILES.entries()) {
    const { status } = await putAsset(oneOf(servers, at), tag, file, contentOf(tag, file));
    expect(`${file} of ${tag}: ${status}`).toBe(`${file} of ${tag}: 201`);
  }
}

/** The files of a release that a server lists. */
export async function listedOf(server: ServerProcess, tag: string): Promise<string[]> {
  const list = await json<{ name: string; release: string }[]>(await get(server, '/packages?format=json'));
  return list.flatMap(({ name, release }) => (release === tag ? [name] : [])).toSorted();
}

/**
 * Publishes a draft while others read and upload: whoever sees something of it sees all that was there before, and what
 * was taken meanwhile is in it.
 */
export async function publishAgainstReaders(servers: Servers, tag: string): Promise<{ sightings: number }> {
  await makeDraft(servers, tag);
  let [isOver, sightings] = [false, 0];
  const reading = servers.flatMap((server) => [
    read(async () => {
      const listed = (await listedOf(server, tag)).filter((file) => FILES.includes(file));
      expectNoneOrAll('the list', listed);
      return listed.length > 0;
    }),
    read(async () => {
      type Asset = { name: string; browser_download_url: string };
      const { assets } = await json<{ assets: Asset[] }>(await get(server, '/latest'));
      const own = assets.filter((one) => one.browser_download_url.includes(`/${encodeURIComponent(tag)}/`));
      expectNoneOrAll(
        'the latest release',
        own.flatMap(({ name }) => (FILES.includes(name) ? [name] : [])),
      );
      return own.length > 0;
    }),
    read(async () => {
      const path = `/releases/download/${encodeURIComponent(tag)}`;
      const [first = '', ...others] = FILES.toSorted(() => Math.random() - 0.5);
      if ((await get(server, `${path}/${first}`)).status !== 200) return false;
      for (const file of others) {
        const answer = await get(server, `${path}/${file}`);
        const said = `after ${first}, ${file}: `;
        expect(said + (await answer.text())).toBe(said + contentOf(tag, file));
      }
      return true;
    }),
  ]);
  async function read(look: () => Promise<boolean>): Promise<void> {
    while (!isOver) if (await look()) sightings += 1;
  }
  const acting = async (): Promise<void> => {
    try {
      await delay(Math.random() * 20);
      const late = LATE.map(async (file, at) => {
        await delay(Math.random() * 20);
        const { status } = await putAsset(oneOf(servers, at), tag, file, contentOf(tag, file));
        expect(`${file}: ${status}`).toBe(`${file}: 201`);
      });
      const { status } = await say(servers[0], 'PATCH', `/${encodeURIComponent(tag)}`, { draft: false });
      expect(`publish: ${status}`).toBe('publish: 200');
      await Promise.all(late);
      const all = [...FILES, ...LATE].toSorted().join();
      for (const server of servers) {
        await until(async () => (await listedOf(server, tag)).join() === all).catch(() => undefined);
        expect(`there are ${(await listedOf(server, tag)).join()}`).toBe(`there are ${all}`);
      }
      await delay(10);
    } finally {
      isOver = true;
    }
  };
  await Promise.all([acting(), ...reading]);
  return { sightings };
}

function expectNoneOrAll(where: string, files: readonly string[]): void {
  if (files.length === 0) return;
  expect(`${where} has ${files.toSorted().join()}`).toBe(`${where} has ${FILES.toSorted().join()}`);
}

/** Creates, publishes and deletes one release from many sides at once: each has one outcome, of which all tell. */
export async function raceForRelease(servers: Servers, tag: string): Promise<void> {
  const path = `/${encodeURIComponent(tag)}`;
  const creates = await Promise.all(
    Array.from({ length: CREATES }, async (_, at) => {
      const answer = await say(oneOf(servers, at), 'POST', '', { tag, draft: true, title: `title ${at}` });
      return { status: answer.status, ...(await json<{ title?: string; code?: string }>(answer)) };
    }),
  );
  const winners = creates.filter(({ status }) => status === 201);
  const refused = creates.filter(({ code }) => code === 'release_exists');
  expect(`${winners.length} created, ${refused.length} refused`).toBe(`1 created, ${CREATES - 1} refused`);
  for (const [at, file] of FILES.entries())
    expect((await putAsset(oneOf(servers, at), tag, file, contentOf(tag, file))).status).toBe(201);

  const publishes = await statuses(servers, 4, (server) => say(server, 'PATCH', path, { draft: false }));
  expect(`publishes: ${publishes.join()}`).toBe('publishes: 200,200,200,200');
  await expectWhole(servers, tag);
  const page = await (await get(servers[0], `/releases/tag${path}`)).text();
  expect(page).toContain(winners[0]?.title);

  const removals = await statuses(servers, 4, (server) => say(server, 'DELETE', path));
  expect(`deletes: ${removals.toSorted((a, b) => a - b).join()}`).toBe('deletes: 204,404,404,404');
  await expectGone(servers, tag);

  await makeDraft(servers, tag);
  // It is published before the other has looked, after it has removed, or between.
  const [publishing, deleting] = await Promise.all([
    say(oneOf(servers, 1), 'PATCH', path, { draft: false }),
    delay(randomInt(4)).then(() => say(oneOf(servers, 2), 'DELETE', path)),
  ]);
  expect([200, 404]).toContain(publishing.status);
  expect(`delete: ${deleting.status}`).toBe('delete: 204');
  await expectGone(servers, tag);
}

async function statuses(
  servers: Servers,
  count: number,
  ask: (server: ServerProcess) => Promise<Response>,
): Promise<number[]> {
  const asking = Array.from({ length: count }, async (_, at) => (await ask(oneOf(servers, at))).status);
  return Promise.all(asking);
}

/** Every server has all of it, at once by its address, and soon in its list. */
export async function expectWhole(servers: Servers, tag: string): Promise<void> {
  const all = FILES.toSorted().join();
  for (const server of servers) {
    for (const file of FILES) {
      const answer = await get(server, `/releases/download/${encodeURIComponent(tag)}/${file}`);
      const digest = sha256(new Uint8Array(await answer.arrayBuffer()));
      expect(`${file} of ${tag}: ${answer.status} ${digest}`).toBe(
        `${file} of ${tag}: 200 ${sha256(contentOf(tag, file))}`,
      );
    }
    await until(async () => (await listedOf(server, tag)).join() === all).catch(() => undefined);
    expect(`of ${tag} are listed ${(await listedOf(server, tag)).join()}`).toBe(
      `of ${tag} are listed ${all}`,
    );
  }
}

async function expectGone(servers: Servers, tag: string): Promise<void> {
  for (const server of servers) {
    await until(async () => (await listedOf(server, tag)).length === 0).catch(() => undefined);
    expect(`of ${tag} are left ${(await listedOf(server, tag)).join()}`).toBe(`of ${tag} are left `);
  }
}
