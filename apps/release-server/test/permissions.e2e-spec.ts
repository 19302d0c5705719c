import { TokenVerifier, type Access, type Principal, type Scope } from '#auth';

import type { PackageEvent, ReleaseEvent } from '../src/events/package-event.js';
import { PackageEvents } from '../src/events/package-events.js';
import { get, json, names, post, put } from './support/client.js';
import { rawRequest } from './support/raw.js';
import { AUTH, startServer, type TestServer } from './support/server.js';

interface Team extends Principal {
  /** What the names of its packages begin with. */
  readonly prefix: string;
}

/** Lets a team publish under names of its own, and delete nothing. */
class TeamVerifier extends TokenVerifier<Team> {
  async verify(): Promise<Team> {
    return { name: 'web', prefix: 'web-' };
  }

  override async may({ prefix }: Team, { scope, file, release = '' }: Access): Promise<boolean> {
    return scope === 'publish' && (file ?? release).startsWith(prefix);
  }
}

describe('a server whose verifier says which names its tokens may publish', () => {
  let server: TestServer;
  const events: (PackageEvent | ReleaseEvent)[] = [];

  beforeAll(async () => {
    server = await startServer({}, { verifier: { useClass: TeamVerifier } });
    server.app.get(PackageEvents).subscribe((event) => void events.push(event));
  });

  afterAll(() => server.stop());

  it.each([
    ['PUT', put, 201],
    ['POST', post, 200],
  ])('takes a %s of its own names and refuses others', async (method, publish, created) => {
    expect((await publish(server, `web-${method}`, 'x')).status).toBe(created);

    const refused = await publish(server, `db-${method}`, 'x');

    expect([refused.status, await json(refused)]).toMatchObject([
      403,
      { code: 'insufficient_scope', detail: `This token does not have the scope publish for db-${method}.` },
    ]);
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer realm="release-server", error="insufficient_scope", scope="publish"',
    );
    expect(await server.staged()).toEqual([]);
  });

  it('refuses before a byte of the body is sent, and before it says what is stored', async () => {
    const head = [
      'PUT /assets/db-1 HTTP/1.1',
      'Host: x',
      ...Object.entries(AUTH).map((one) => one.join(': ')),
    ];
    const more = ['Content-Length: 5', 'Expect: 100-continue', 'If-Match: "other"', '', ''];
    const { status } = await rawRequest(server.port, [...head, ...more].join('\r\n'));
    expect(status).toBe(403);
  });

  it('refuses a deletion of what is there and of what is not alike', async () => {
    for (const name of ['web-PUT', 'db-none']) {
      const { status } = await fetch(`${server.url}/assets/${name}`, { method: 'DELETE', headers: AUTH });
      expect(status).toBe(403);
    }
    expect((await names(server)).toSorted()).toEqual(['web-POST', 'web-PUT']);
  });

  it('says nothing of what it refused, and who did the rest', () => {
    expect(
      events.map((event) => [event.type, 'package' in event && event.package.name, event.actor]),
    ).toEqual([
      ['package.published', 'web-PUT', { name: 'web', prefix: 'web-' }],
      ['package.published', 'web-POST', { name: 'web', prefix: 'web-' }],
    ]);
    expect(events[0]?.request?.client).toEqual({ address: '127.0.0.1', user_agent: 'node' });
  });

  it('offers on the page of a release what its token may do, and nothing else', async () => {
    const body = JSON.stringify({ tag: 'web-1', draft: true });
    const made = await fetch(`${server.url}/releases`, {
      method: 'POST',
      body,
      headers: { ...AUTH, 'Content-Type': 'application/json' },
    });
    expect(made.status).toBe(201);
    const page = await get(server, '/releases/tag/web-1', { ...AUTH, Accept: 'text/html' });
    const html = await page.text();
    expect(html).toContain('Publish release</button>');
    expect(html).not.toContain('Delete draft</button>');
  });
});

/** A token is the scopes that it has, for packages whose names begin with `web` and all releases. */
class ScopesVerifier extends TokenVerifier {
  async verify(token: string): Promise<Principal> {
    return { name: 'ci', grant: { scopes: token.split('+') as Scope[], packages: ['web*'] } };
  }
}

describe('a server whose tokens have scopes', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({}, { verifier: { useClass: ScopesVerifier } });
  });

  afterAll(() => server.stop());

  const say = (scopes: string, method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${scopes}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const lacking = async (answer: Response): Promise<unknown> => {
    const { code, detail } = await json(answer);
    return [answer.status, code, detail, answer.headers.get('www-authenticate')];
  };
  const needs = (scope: Scope, what = ''): unknown => [
    403,
    'insufficient_scope',
    `This token does not have the scope ${scope}${what}.`,
    `Bearer realm="release-server", error="insufficient_scope", scope="${scope}"`,
  ];

  it('takes a form and a raw body of who may publish, and replaces nothing for them', async () => {
    const headers = { Authorization: 'Bearer publish' };
    expect((await post(server, 'web-1.0.zip', 'x', { headers })).status).toBe(200);
    for (const publish of [put, post]) {
      const again = await publish(server, 'web-1.0.zip', 'y', { headers, query: '?overwrite=true' });
      expect(await lacking(again)).toEqual(needs('overwrite', ' for web-1.0.zip in the release 1.0'));
      const other = await publish(server, 'db.zip', 'y', { headers });
      expect(await lacking(other)).toEqual(needs('publish', ' for db.zip'));
    }
    const matching = { ...headers, 'If-Match': '*' };
    const replaced = await put(server, 'web-1.0.zip', 'y', { headers: matching });
    expect(await lacking(replaced)).toEqual(needs('overwrite', ' for web-1.0.zip in the release 1.0'));
    expect(await (await get(server, '/assets/web-1.0.zip')).text()).toBe('x');
  });

  it("says in GitHub's words what a token lacks, and takes the label of an asset with it", async () => {
    const releases = '/repos/acme/tools/releases';
    const refused = await say('overwrite', 'POST', releases, { tag_name: 'v2' });
    expect(await json(refused)).toMatchObject({
      status: 403,
      code: 'insufficient_scope',
      message: 'This token does not have the scope publish for the release v2.',
      documentation_url: expect.any(String) as string,
    });
    const made = await json<{ id: number }>(await say('publish', 'POST', releases, { tag_name: 'v2' }));
    const assets = `${releases}/${made.id}/assets`;
    const asset = await say('publish', 'POST', `${assets}?name=web.bin&label=Tool`, 'bytes');
    expect(await json(asset)).toMatchObject({ name: 'web.bin', label: 'Tool' });
    for (const [scopes, scope, what, ...request] of [
      ['publish', 'publish', 'db.bin in the release v2', 'POST', `${assets}?name=db.bin`],
      ['publish', 'overwrite', 'the release v2', 'PATCH', `${releases}/${made.id}`, { body: 'notes' }],
      ['publish+overwrite', 'delete', 'the release v2', 'PATCH', `${releases}/${made.id}`, { draft: true }],
      ['publish+overwrite', 'delete', 'the release v2', 'DELETE', `${releases}/${made.id}`],
    ] as const) {
      const [method, path, body] = request;
      expect(await lacking(await say(scopes, method, path, body))).toEqual(needs(scope, ` for ${what}`));
    }
  });

  it('tells clients of GitHub whether a token may publish', async () => {
    const permission = async (scopes: string): Promise<unknown[]> => {
      const repository = await json<{ permissions: { push: boolean } }>(
        await say(scopes, 'GET', '/repos/acme/tools'),
      );
      const query = '{ repository(owner: "acme", name: "tools") { viewerPermission } }';
      const { data } = await json<{ data: { repository: { viewerPermission: string } } }>(
        await say(scopes, 'POST', '/graphql', { query }),
      );
      const { status } = await say(scopes, 'GET', '/repos/acme/tools/collaborators/ci');
      return [repository.permissions.push, data.repository.viewerPermission, status];
    };
    expect(await permission('publish')).toEqual([true, 'WRITE', 204]);
    expect(await permission('overwrite')).toEqual([true, 'WRITE', 204]);
    expect(await permission('read+delete+admin')).toEqual([false, 'READ', 404]);
  });

  it('shows a draft to who may publish or overwrite in it, and the buttons that they may use', async () => {
    expect((await say('publish', 'POST', '/releases', { tag: 'v3', draft: true })).status).toBe(201);
    const buttons = async (scopes: string, tag: string): Promise<string[] | number> => {
      const headers = { Authorization: `Bearer ${scopes}`, Accept: 'text/html' };
      const page = await get(server, `/releases/tag/${tag}`, headers);
      const found = (await page.text()).matchAll(/data-act="(\w+)"|id="(publishing)"/g);
      return page.status === 200 ? [...found].map(([, act, id]) => act ?? id ?? '') : page.status;
    };
    expect(await buttons('publish', 'v3')).toEqual(['publish', 'edit', 'publishing']);
    expect(await buttons('overwrite', 'v3')).toEqual(['publishing']);
    expect(await buttons('publish+delete', 'v3')).toEqual(['publish', 'edit', 'delete', 'publishing']);
    expect(await buttons('read+delete+admin', 'v3')).toBe(404);
    expect(await buttons('publish', 'v2')).toEqual(['publishing']);
    expect(await buttons('overwrite', 'v2')).toEqual(['edit', 'publishing']);
    expect(await buttons('delete', 'v2')).toEqual(['delete']);
  });

  it('tells what retention would do to who has the scope admin', async () => {
    expect((await say('admin', 'GET', '/retention')).status).toBe(200);
    expect(await lacking(await say('read+publish+overwrite+delete', 'GET', '/retention'))).toEqual(
      needs('admin'),
    );
  });
});
