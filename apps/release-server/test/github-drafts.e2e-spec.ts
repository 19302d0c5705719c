import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';

import { jest } from '@jest/globals';

import { TokenVerifier, type Access, type Principal } from '#auth';
import { PackageStore } from '#storage';

import { PackageEvents } from '../src/events/package-events.js';
import { get, json } from './support/client.js';
import { AUTH, startServer, type TestServer } from './support/server.js';

const REPO = '/repos/acme/tools';
const BYTES = { Accept: 'application/octet-stream' };

/** The token `web` may publish what begins with `web`, and each other token everything. */
class TeamVerifier extends TokenVerifier {
  async verify(token: string): Promise<Principal> {
    return { name: token };
  }

  override async may({ name: team }: Principal, { release }: Access): Promise<boolean> {
    return team !== 'web' || release?.startsWith('web') === true;
  }
}

interface Described {
  readonly id: number;
  readonly url: string;
}

describe("Drafts in GitHub's REST API", () => {
  let server: TestServer;

  afterEach(() => server.stop());

  const say = async (method: string, path: string, body?: unknown, headers: HeadersInit = AUTH) =>
    fetch(path.startsWith('/') ? `${server.url}${path}` : path, {
      method,
      headers,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const create = async (fields: Record<string, unknown>): Promise<Described> => {
    const answer = await say('POST', `${REPO}/releases`, fields);
    expect(answer.status).toBe(201);
    return json(answer);
  };
  const upload = async ({ url }: Described, name: string): Promise<Described> =>
    json(await say('POST', `${url}/assets?name=${name}`, 'secret'));
  /** Begins an upload; what is returned ends it, with its answer. */
  const beginUpload = async ({ url }: Described, name: string, label = '') => {
    const request = httpRequest(`${url}/assets?name=${name}&label=${label}`, {
      method: 'POST',
      headers: { ...AUTH, Expect: '100-continue' },
    });
    const { promise: answered, resolve } = Promise.withResolvers<{ status?: number; body: string }>();
    request.on('response', (response) => {
      void text(response).then((body) => resolve({ status: response.statusCode, body }));
    });
    const { promise: continued, resolve: goOn } = Promise.withResolvers<void>();
    request.on('continue', goOn);
    request.flushHeaders();
    await continued;
    request.write('sec');
    return async () => {
      request.end('ret');
      return answered;
    };
  };

  it('never publishes an upload of a draft that was deleted meanwhile', async () => {
    server = await startServer();
    const draft = await create({ tag_name: 'v1', draft: true });
    const end = await beginUpload(draft, 'tool');
    expect((await say('DELETE', draft.url)).status).toBe(204);
    expect(await end()).toMatchObject({ status: 404 });
    expect(await json(await get(server, `${REPO}/releases`, AUTH))).toEqual([]);
    expect((await get(server, '/releases/download/v1/tool')).status).toBe(404);
  });

  it('publishes an upload, and its label, in a draft that was published meanwhile', async () => {
    server = await startServer();
    const draft = await create({ tag_name: 'v1', draft: true });
    const end = await beginUpload(draft, 'tool', 'L');
    expect((await say('PATCH', draft.url, { draft: false })).status).toBe(200);
    expect(await end()).toMatchObject({ status: 201 });
    const release = await get(server, `${REPO}/releases/tags/v1`);
    expect(await json(release)).toMatchObject({ assets: [{ name: 'tool', label: 'L' }] });
  });

  it('become public once, and answer all who publish them at once', async () => {
    server = await startServer();
    const events: string[] = [];
    server.app.get(PackageEvents).subscribe(({ type }) => void events.push(type));
    const draft = await create({ tag_name: 'v1', draft: true });
    const bodies = ['a', 'b', 'c'].map((name) => ({ name, draft: false }));
    const answers = await Promise.all(bodies.map((body) => say('PATCH', draft.url, body)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(events).toEqual(['release.drafted', 'release.published', 'release.edited', 'release.edited']);
  });

  it('are told of in answers that no shared cache keeps', async () => {
    server = await startServer();
    const draft = await create({ tag_name: 'v1', draft: true });
    const asset = await upload(draft, 'tool');
    for (const headers of [{ ...BYTES, ...AUTH }, AUTH]) {
      for (const { url } of [draft, asset]) {
        const answer = await say('GET', url, undefined, headers);
        expect(answer.headers.get('cache-control')).toContain('private');
        expect(answer.headers.get('vary')).toMatch(/^Accept, Authorization/);
      }
    }
  });

  it('are told apart from nothing by no number of wrong tokens', async () => {
    server = await startServer();
    const draft = await create({ tag_name: 'v1', draft: true });
    const { id } = await upload(draft, 'tool');
    const wrong = { Authorization: 'Bearer wrong' };
    const isSlow = async (path: string): Promise<boolean> => {
      const began = performance.now();
      expect((await get(server, `${REPO}/releases/${path}`, wrong)).status).toBe(404);
      return performance.now() - began > 900;
    };
    for (let at = 0; at < 60; at++) await isSlow(`${draft.id}`);
    const paths = [`${draft.id}`, '1', `${draft.id}/assets`, '1/assets', `assets/${id}`, 'assets/1'];
    expect(await Promise.all(paths.map(isSlow))).toEqual(paths.map(() => true));
  });

  it('are for no token that may not publish in them', async () => {
    server = await startServer({}, { verifier: { useClass: TeamVerifier } });
    const web = { Authorization: 'Bearer web' };
    const [own, other] = [
      await create({ tag_name: 'web-1', draft: true }),
      await create({ tag_name: 'db-1', draft: true }),
    ];
    const { id } = await upload(other, 'secret-name');
    expect(await json(await get(server, `${REPO}/releases`, web))).toMatchObject([{ id: own.id }]);
    const reads = [`${other.id}`, `${other.id}/assets`, `assets/${id}`, 'tags/db-1'].map((path) => [
      'GET',
      path,
    ]);
    const writes = [
      ['PATCH', `${other.id}`],
      ['DELETE', `${other.id}`],
      ['POST', `${other.id}/assets?name=x`],
      ['PATCH', `assets/${id}`],
      ['DELETE', `assets/${id}`],
    ];
    for (const [method = '', path = ''] of [...reads, ...writes]) {
      const body = method === 'GET' ? undefined : {};
      const answer = await say(method, `${REPO}/releases/${path}`, body, web);
      expect([method, path, answer.status]).toEqual([method, path, 404]);
    }
    const notes = await say('POST', `${REPO}/releases/generate-notes`, { tag_name: 'db-1' }, web);
    expect(await json(notes)).toEqual({ name: 'db-1', body: '' });
  });

  it('is not told of to those who asked for it while it was public', async () => {
    server = await startServer();
    const release = await create({ tag_name: 'v1' });
    const store = server.app.get(PackageStore);
    const snapshot = store.snapshot.bind(store);
    let hidden: Promise<Response> | undefined;
    const hide = async () => {
      const before = await snapshot();
      await (hidden ??= (async () => {
        jest.restoreAllMocks();
        return say('PATCH', release.url, { draft: true });
      })());
      return before;
    };
    jest.spyOn(store, 'snapshot').mockImplementationOnce(hide);
    expect(await json(await fetch(release.url))).toMatchObject({ draft: false });
    expect((await fetch(release.url)).status).toBe(404);
  });
});
