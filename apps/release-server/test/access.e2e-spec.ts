import type { Application } from 'express';

import { AUDIENCE, TestIssuer } from '../../../libs/auth/src/testing/test-issuer.js';
import { Config } from '../src/config/config.js';
import { routesOf } from '../src/server/routes.js';
import { json, namedToken } from './support/client.js';
import { startServer, TOKEN, withServer, type TestServer } from './support/server.js';

const SCOPES = ['read', 'publish', 'overwrite', 'delete', 'admin'] as const;
const R = '/repos/o/r';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: FormData | string;
}

/** A request to a route, what it takes, and the status for who has it. */
interface Row {
  readonly route: string;
  /** `known`: any token will do. */
  readonly needs: (typeof SCOPES)[number] | 'known';
  readonly status: number | string;
  /** Makes the ground, by who may do everything, for a name or tag that nothing has yet. */
  readonly prepare: (ground: Ground) => Asked | Promise<Asked>;
}

const row = (
  route: string,
  needs: Row['needs'],
  status: Row['status'],
  prepare: Row['prepare'] = () => ({ method: route.split(' ')[0] ?? '', path: route.split(' ')[1] ?? '' }),
): Row => ({ route, needs, status, prepare });

/**
 * Every route that tells or changes something for whom it knows. Those that are for readers have such a table in
 * private-reads.e2e-spec.
 */
const ROWS: readonly Row[] = [
  row('GET /token', 'known', 200),
  row('GET /user', 'known', 200),
  row('GET /api/v3', 'known', 200),
  row('GET /repos/:owner/:repo/collaborators/:login', 'known', '404 not_found', () => ({
    method: 'GET',
    path: `${R}/collaborators/somebody`,
  })),
  row('POST /repos/:owner/:repo/releases/generate-notes', 'known', 200, () => ({
    method: 'POST',
    path: `${R}/releases/generate-notes`,
    body: JSON.stringify({ tag_name: 'v1' }),
  })),
  row('GET /retention', 'admin', 200),
  row('POST /upload', 'publish', 200, ({ tag }) => {
    const body = new FormData();
    body.set('file', new Blob(['x']), `tool-${tag}.zip`);
    return { method: 'POST', path: '/upload', body };
  }),
  row('PUT /assets/*filename', 'publish', 201, ({ tag }) => ({
    method: 'PUT',
    path: `/assets/tool-${tag}.zip`,
    body: 'x',
  })),
  row('PUT /assets/*filename', 'overwrite', 200, async (ground) => {
    const path = await ground.flat();
    return { method: 'PUT', path: `${path}?overwrite=true`, body: 'y' };
  }),
  row('DELETE /assets/*filename', 'delete', 204, async (ground) => ({
    method: 'DELETE',
    path: await ground.flat(),
  })),
  row('POST /releases', 'publish', 201, ({ tag }) => ({
    method: 'POST',
    path: '/releases',
    body: JSON.stringify({ tag }),
  })),
  row('PATCH /releases/latest', 'overwrite', 200, async (ground) => {
    await ground.latest();
    return { method: 'PATCH', path: '/releases/latest', body: '{"notes":"x"}' };
  }),
  row('DELETE /releases/latest', 'delete', 204, async (ground) => {
    await ground.latest();
    return { method: 'DELETE', path: '/releases/latest' };
  }),
  row('PATCH /releases/:tag', 'overwrite', 200, async (ground) => {
    await ground.release();
    return { method: 'PATCH', path: `/releases/${ground.tag}`, body: '{"notes":"x"}' };
  }),
  row('PATCH /releases/:tag', 'publish', 200, async (ground) => {
    await ground.release({ draft: true });
    return { method: 'PATCH', path: `/releases/${ground.tag}`, body: '{"draft":false}' };
  }),
  row('PATCH /releases/:tag', 'delete', 200, async (ground) => {
    await ground.release();
    return { method: 'PATCH', path: `/releases/${ground.tag}`, body: '{"draft":true}' };
  }),
  row('DELETE /releases/:tag', 'delete', 204, async (ground) => {
    await ground.release();
    return { method: 'DELETE', path: `/releases/${ground.tag}` };
  }),
  row('PUT /releases/:tag/assets/:file', 'publish', 201, ({ tag }) => ({
    method: 'PUT',
    path: `/releases/${tag}/assets/tool-linux`,
    body: 'x',
  })),
  row('PUT /releases/:tag/assets/:file', 'overwrite', 200, async (ground) => {
    await ground.release();
    const path = `/releases/${ground.tag}/assets/tool-linux?overwrite=true`;
    return { method: 'PUT', path, body: 'y' };
  }),
  row('DELETE /releases/:tag/assets/:file', 'delete', 204, async (ground) => {
    await ground.release();
    return { method: 'DELETE', path: `/releases/${ground.tag}/assets/tool-linux` };
  }),
  row('POST /repos/:owner/:repo/releases', 'publish', 201, ({ tag }) => ({
    method: 'POST',
    path: `${R}/releases`,
    body: JSON.stringify({ tag_name: tag }),
  })),
  row('PATCH /repos/:owner/:repo/releases/:id', 'overwrite', 200, async (ground) => {
    const { id } = await ground.release();
    return { method: 'PATCH', path: `${R}/releases/${id}`, body: '{"body":"x"}' };
  }),
  row('DELETE /repos/:owner/:repo/releases/:id', 'delete', 204, async (ground) => {
    const { id } = await ground.release();
    return { method: 'DELETE', path: `${R}/releases/${id}` };
  }),
  row('POST /repos/:owner/:repo/releases/:id/assets', 'publish', 201, async (ground) => {
    const { id } = await ground.release();
    return { method: 'POST', path: `${R}/releases/${id}/assets?name=tool-other`, body: 'x' };
  }),
  row('PATCH /repos/:owner/:repo/releases/assets/:id', 'overwrite', 200, async (ground) => {
    const { asset } = await ground.release();
    return { method: 'PATCH', path: `${R}/releases/assets/${asset}`, body: '{"label":"x"}' };
  }),
  row('DELETE /repos/:owner/:repo/releases/assets/:id', 'delete', 204, async (ground) => {
    const { asset } = await ground.release();
    return { method: 'DELETE', path: `${R}/releases/assets/${asset}` };
  }),
];

/** Routes that are for everybody, or for readers. */
const FOR_READERS = /^GET |^POST (?:\/api)?\/graphql$/;

/** What is there for one request: a tag of its own, the highest so far. */
class Ground {
  private static count = 0;
  readonly tag = `v${(Ground.count += 1)}.0.0`;

  constructor(private readonly server: TestServer) {}

  /** A package in no folder. */
  async flat(): Promise<string> {
    const path = `/assets/tool-${this.tag}.zip`;
    await this.make('PUT', path, 'x');
    return path;
  }

  /** A release with one asset, and their ids in GitHub's API. */
  async release(fields: Readonly<Record<string, unknown>> = {}): Promise<{ id: number; asset: number }> {
    const made = await this.make('POST', `${R}/releases`, JSON.stringify({ tag_name: this.tag, ...fields }));
    const { id } = await json<{ id: number }>(made);
    const asset = await this.make('POST', `${R}/releases/${id}/assets?name=tool-linux`, 'x');
    return { id, asset: (await json<{ id: number }>(asset)).id };
  }

  /** The release whose tag is `latest`. */
  async latest(): Promise<void> {
    await this.make('PUT', '/releases/latest/assets/tool-linux?overwrite=true', 'x');
  }

  private async make(method: string, path: string, body: string): Promise<Response> {
    const answer = await ask(this.server, { method, path, body }, TOKEN);
    expect([method, path, answer.ok]).toEqual([method, path, true]);
    return answer;
  }
}

let clients = 0;

/** Each time from another address: who sends wrong tokens again and again is slowed down. */
async function ask(
  { url }: { url: string },
  { method, path, body }: Asked,
  token?: string,
): Promise<Response> {
  const isBytes = /\/assets[/?]/.test(path) && method !== 'PATCH';
  const type = isBytes ? 'application/octet-stream' : 'application/json';
  return fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      'X-Forwarded-For': `10.0.${++clients >> 8}.${clients & 255}`,
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(typeof body === 'string' && { 'Content-Type': type }),
    },
    ...(body !== undefined && { body }),
  });
}

describe.each(['public', 'token'])('who may do what where reads are for: %s', (readAccess) => {
  let issuer: TestIssuer;
  let server: TestServer;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    const trusted = { issuer: issuer.url, audience: AUDIENCE };
    server = await startServer({
      read_access: readAccess,
      trust_proxy: true,
      auth_token: TOKEN,
      max_packages: null,
      tokens: [
        ...SCOPES.map((scope) => namedToken(`has-${scope}`, { scopes: [scope] })),
        namedToken('has-all', { scopes: SCOPES }),
        namedToken('has-other-names', { scopes: SCOPES, packages: ['db-*'], releases: ['w*'] }),
        namedToken('has-expired', { scopes: SCOPES, expires_at: '2020-01-01' }),
      ],
      identities: [
        { ...trusted, name: 'ci', claims: { ref: 'refs/heads/main' }, scopes: SCOPES },
        { ...trusted, name: 'other', claims: { ref: 'refs/tags/*' }, scopes: ['read'] },
      ],
    });
  });

  afterAll(async () => {
    await server.stop();
    await issuer.stop();
  });

  const statusOf = async (asked: Asked, token?: string): Promise<unknown> => {
    const answer = await ask(server, asked, token);
    const text = await answer.text();
    return answer.ok ? answer.status : `${answer.status} ${(JSON.parse(text) as { code: string }).code}`;
  };
  const signed = ({ path, ...asked }: Asked): Asked => ({
    ...asked,
    path: `${path}${path.includes('?') ? '&' : '?'}expires=9999999999&signature=${'x'.repeat(43)}`,
  });

  it('is said of every route that is not for readers', () => {
    const routes = routesOf(server.app.getHttpAdapter().getInstance() as Application)
      .map(({ method, path }) => ({ method, path: path.replace(/^\/api\/(?:v3|uploads)(?=\/)/, '') }))
      .map(({ method, path }) => `${method} ${path.replace(/(?<=.)\/$/, '')}`);
    const missing = [...new Set(routes)].filter(
      (route) => !FOR_READERS.test(route) && !ROWS.some((one) => one.route === route),
    );
    expect(missing).toEqual([]);
    expect(ROWS.filter(({ route }) => !routes.includes(route))).toEqual([]);
  });

  const isClosed = readAccess === 'token';
  // Notes tell of what is stored.
  const rows = ROWS.map((one) =>
    isClosed && one.route.endsWith('notes') ? { ...one, needs: 'read' as const } : one,
  );
  // What somebody may not be told of has no id.
  const unseen = (route: string, refused: unknown): unknown =>
    isClosed && route.includes('/:id')
      ? expect.stringMatching(/^404 (?:release|package)_not_found$/)
      : refused;

  it.each(rows)('at $route: $needs', async ({ route, needs, status, prepare }) => {
    const asked = await prepare(new Ground(server));
    const unauthorized = '401 unauthorized';
    expect(await statusOf(asked)).toEqual(unauthorized);
    expect(await statusOf(signed(asked))).toEqual(unauthorized);
    expect(await statusOf(asked, 'wrong')).toEqual(unauthorized);
    expect(await statusOf(asked, 'has-expired')).toEqual(unauthorized);
    expect(await statusOf(asked, await issuer.token({ ref: 'refs/heads/other' }))).toEqual(unauthorized);
    const refused = needs === 'known' ? status : '403 insufficient_scope';
    for (const scope of SCOPES) {
      if (scope !== needs) expect([scope, await statusOf(asked, `has-${scope}`)]).toEqual([scope, refused]);
    }
    const reader = await issuer.token({ ref: 'refs/tags/v1' });
    expect(await statusOf(asked, reader)).toEqual(needs === 'read' ? status : refused);
    const isOfServer = needs === 'known' || needs === 'admin' || needs === 'read';
    expect(await statusOf(asked, 'has-other-names')).toEqual(isOfServer ? status : unseen(route, refused));

    const owners = [TOKEN, 'has-all', await issuer.token(), ...(needs === 'known' ? [] : [`has-${needs}`])];
    for (const owner of owners) {
      expect(await statusOf(await prepare(new Ground(server)), owner)).toBe(status);
    }
  });
});

it('nobody may write to a server that is read-only, nor ask it who they are', async () => {
  await withServer({ read_only: true, auth_token: TOKEN }, async (server) => {
    expect(server.app.get(Config).read_only).toBe(true);
    for (const { route } of ROWS) {
      const [method = '', pattern = ''] = route.split(' ');
      const path = pattern.replace(/[:*]\w+/g, '1');
      for (const token of [undefined, 'wrong', TOKEN]) {
        const answer = await ask(server, { method, path, ...(method !== 'GET' && { body: '{}' }) }, token);
        expect([route, answer.status, (await json(answer))['code']]).toEqual([route, 403, 'read_only']);
      }
    }
  });
});
