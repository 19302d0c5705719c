import { setTimeout as delay } from 'node:timers/promises';

import { contentOf, get, json, names, put } from '../support/client.js';
import type { ServerProcess } from '../support/process.js';
import { AUTH } from '../support/server.js';
import { tokenEntry, writeTokens } from './support/named-tokens.js';
import { row } from './support/row.js';

const SCOPES = ['read', 'publish', 'overwrite', 'delete', 'admin'];
/** Who has all of them, for the same names and releases. */
const ALL = 'all';

const bearer = (token: string): { Authorization: string } => ({ Authorization: `Bearer ${token}` });

/** A request with a token, and its status. */
async function say(
  { url }: ServerProcess,
  token: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<number> {
  const isText = typeof body === 'string';
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token === '' ? AUTH : bearer(token)),
      ...(!isText && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

row(
  'A8',
  'tokens of one scope each, for some names and releases, at everything that needs another; expired ones; 32 at once',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async ({ server: start, rounds, directory }) => {
    const file = `${directory}/.tokens`;
    const narrowed = { packages: ['tool-*'], releases: ['v1.*'] };
    const expired = Array.from({ length: rounds }, (_, round) => `expired-${round}`);
    await writeTokens(file, [
      ...SCOPES.map((scope) => tokenEntry(scope, { scopes: [scope], ...narrowed })),
      tokenEntry(ALL, { scopes: SCOPES, ...narrowed }),
      ...expired.map((token) => tokenEntry(token, { scopes: SCOPES, expires_at: '2020-01-01' })),
    ]);
    const server = await start({ TOKENS_FILE: file, MAX_PACKAGES: 'null' });
    /** What makes the ground for what is tried, by who may do everything. */
    const setUp = async (method: string, path: string, body?: unknown): Promise<void> => {
      const status = await say(server, '', method, path, body);
      if (status >= 300) throw new Error(`${method} ${path}: ${status}`);
    };
    const tried: readonly [scope: string, what: string, attempt: (token: string) => Promise<number>][] = [
      ['publish', 'create', (token) => say(server, token, 'PUT', '/assets/tool-new-v1.0.zip', 'x')],
      [
        'overwrite',
        'replace',
        (token) => say(server, token, 'PUT', '/assets/tool-v1.0.zip?overwrite=true', 'written'),
      ],
      [
        'overwrite',
        'replace what matches',
        async (token) => {
          const headers = { ...bearer(token), 'If-Match': '*' };
          return (await put(server, 'tool-v1.0.zip', 'written', { headers })).status;
        },
      ],
      ['delete', 'delete', (token) => say(server, token, 'DELETE', '/assets/tool-v1.0.zip')],
      ['publish', 'release', (token) => say(server, token, 'POST', '/releases', { tag: 'v1.9' })],
      ['overwrite', 'edit', (token) => say(server, token, 'PATCH', '/releases/v1.1', { notes: 'x' })],
      ['delete', 'hide', (token) => say(server, token, 'PATCH', '/releases/v1.1', { draft: true })],
      ['delete', 'remove', (token) => say(server, token, 'DELETE', '/releases/v1.2')],
      ['publish', 'edit a draft', (token) => say(server, token, 'PATCH', '/releases/v1.3', { notes: 'x' })],
      ['admin', 'ask for the plan', (token) => say(server, token, 'GET', '/retention')],
    ];
    /** Beyond the names and releases of all these tokens. */
    const beyond: readonly [what: string, method: string, path: string, body?: unknown][] = [
      ['create another name', 'PUT', '/assets/db-v1.0.zip', 'x'],
      ['create in another release', 'PUT', '/assets/tool-v2.0.zip', 'x'],
      ['create in no release', 'PUT', '/assets/tool-x.zip', 'x'],
      ['replace another name', 'PUT', '/assets/other-v1.0.zip?overwrite=true', 'written'],
      ['delete another name', 'DELETE', '/assets/other-v1.0.zip'],
      ['make another release', 'POST', '/releases', { tag: 'v2.1' }],
      ['publish a draft with another name', 'PATCH', '/releases/v1.4', { draft: false }],
      ['hide a release with another name', 'PATCH', '/releases/v1.5', { draft: true }],
      ['remove a release with another name', 'DELETE', '/releases/v1.5'],
      ['move a release to another tag', 'PATCH', '/releases/v1.1', { tag: 'v2.2' }],
    ];
    for (let round = 0; round < rounds; round++) {
      for (const name of await names(server)) await setUp('DELETE', `/assets/${name}`).catch(() => undefined);
      for (const tag of ['v1.1', 'v1.2', 'v1.3', 'v1.4', 'v1.5', 'v1.6', 'v1.7', 'v1.9']) {
        await say(server, '', 'DELETE', `/releases/${tag}`);
      }
      await setUp('PUT', '/assets/tool-v1.0.zip?overwrite=true', 'original');
      await setUp('PUT', '/assets/other-v1.0.zip?overwrite=true', 'original');
      for (const tag of ['v1.1', 'v1.2', 'v1.5']) await setUp('POST', '/releases', { tag });
      for (const tag of ['v1.3', 'v1.4']) await setUp('POST', '/releases', { tag, draft: true });
      await setUp('PUT', '/releases/v1.1/assets/tool-a.zip', 'x');
      for (const tag of ['v1.4', 'v1.5']) {
        await setUp('PUT', `/releases/${tag}/assets/tool-a.zip`, 'x');
        await setUp('PUT', `/releases/${tag}/assets/db.zip`, 'x');
      }
      for (const [what, ...request] of beyond) {
        expect(`${ALL}: ${what}: ${await say(server, ALL, ...request)}`).toBe(`${ALL}: ${what}: 403`);
      }
      for (const [needed, what, attempt] of tried) {
        for (const scope of SCOPES.filter((one) => one !== needed)) {
          expect(`${scope}: ${what}: ${await attempt(scope)}`).toBe(`${scope}: ${what}: 403`);
        }
        const late = expired[round] ?? '';
        expect(`expired: ${what}: ${await attempt(late)}`).toBe(`expired: ${what}: 401`);
      }
      expect(await contentOf(server, 'tool-v1.0.zip')).toBe('original');
      expect(await contentOf(server, 'other-v1.0.zip')).toBe('original');

      const options = { headers: bearer('publish'), query: '?overwrite=true' };
      const contents = Array.from({ length: 32 }, (_, index) => `content ${index} `.repeat(1000));
      const name = `tool-race-v1.${round}.zip`;
      const answers = await Promise.all(contents.map((content) => put(server, name, content, options)));
      const of = (status: number): string[] =>
        contents.filter((_, index) => answers[index]?.status === status);
      expect(`${of(201).length} created, ${of(403).length} refused`).toBe('1 created, 31 refused');
      expect(await contentOf(server, name)).toBe(of(201)[0]);

      // What is downloaded from a release by the name of its file, which another package may have as well.
      await setUp('POST', '/releases', { tag: 'v1.7', draft: true });
      await setUp('PUT', '/releases/v1.7/assets/tool-v1.7.zip', 'written');
      for (const tag of ['v1.6', 'v1.7']) {
        await setUp('PUT', `/assets/tool-${tag}.zip?overwrite=true`, 'original');
      }
      const places: readonly [what: string, status: number, method: string, path: string, body: unknown][] = [
        ['take a place', 409, 'PUT', '/releases/v1.6/assets/tool-v1.6.zip', 'written'],
        [
          'take a place by force',
          403,
          'PUT',
          '/releases/v1.6/assets/tool-v1.6.zip?overwrite=true',
          'written',
        ],
        ['take a place by a draft', 403, 'PATCH', '/releases/v1.7', { draft: false }],
      ];
      for (const [what, status, ...request] of places) {
        expect(`publish: ${what}: ${await say(server, 'publish', ...request)}`).toBe(
          `publish: ${what}: ${status}`,
        );
      }
      for (const tag of ['v1.6', 'v1.7']) {
        const path = `/releases/download/${tag}/tool-${tag}.zip`;
        expect(await (await get(server, path)).text()).toBe('original');
      }

      for (const [needed, what, attempt] of tried) {
        const status = await attempt(needed);
        expect(`${needed}: ${what}: ${status < 300 ? 'done' : status}`).toBe(`${needed}: ${what}: done`);
        if (what === 'hide') await setUp('PATCH', '/releases/v1.1', { draft: false });
      }
    }
  },
);

/** Milliseconds within which a token is refused that has left the file. */
const TAKEN_BACK_MS = 1000;

row(
  'A9',
  '1,000 uploads while the file of tokens is exchanged ten times, by lists and by what is none',
  { rounds: { usual: 1, long: 20, of: 'rounds of 1,000' } },
  async ({ server: start, rounds, directory, note }) => {
    const file = `${directory}/.tokens`;
    for (let round = 0; round < rounds; round++) {
      const always = tokenEntry('always', { scopes: ['publish', 'overwrite'] });
      await writeTokens(file, [always, tokenEntry(`${round}-0`)]);
      const server = await start({ TOKENS_FILE: file, MAX_PACKAGES: '50' });
      const tryAfter = async (token: string): Promise<string> => {
        await delay(TAKEN_BACK_MS);
        const { status } = await put(server, `late-${token}.zip`, 'x', { headers: bearer(token) });
        return `removed: ${status}`;
      };
      const exchange = async (): Promise<string[]> => {
        const removed: Promise<string>[] = [];
        for (let at = 1; at <= 10; at++) {
          // Longer than a change may take to be read, or the list that is none would hide the one before.
          await delay(500);
          await writeTokens(
            file,
            at % 3 === 0 ? `tokens: [{ name: ${at}` : [always, tokenEntry(`${round}-${at}`)],
          );
          // What is none changes nothing.
          if (at % 3 !== 0) removed.push(tryAfter(`${round}-${at % 3 === 1 ? Math.max(0, at - 2) : at - 1}`));
        }
        return Promise.all(removed);
      };
      let isOver = false;
      const exchanging = exchange().finally(() => (isOver = true));
      const statuses: number[] = [];
      const began = performance.now();
      const upload = async (worker: number): Promise<void> => {
        for (let at = worker; at < 1000 || !isOver; at += 8) {
          const options = { headers: bearer('always'), query: '?overwrite=true' };
          statuses.push((await put(server, `tool-${at % 40}.zip`, `${at}`, options)).status);
        }
      };
      await Promise.all(Array.from({ length: 8 }, (_, worker) => upload(worker)));
      const seconds = (performance.now() - began) / 1000;
      const refused = statuses.filter((status) => status >= 300);
      expect(`refused: ${refused.join(' ')}`).toBe('refused: ');
      const removed = await exchanging;
      expect(removed.join(', ')).toBe(removed.map(() => 'removed: 401').join(', '));
      note(`${statuses.length} uploads in ${seconds.toFixed(1)} s, ${removed.length} tokens refused in time`);
      expect(await json(await get(server, '/token', bearer('always')))).toMatchObject({ name: 'always' });
      await server.stop();
    }
  },
);
