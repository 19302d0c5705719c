import { TokenVerifier, type Action, type Principal } from '#auth';

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

  override async may({ prefix }: Team, action: Action, name: string): Promise<boolean> {
    return action === 'publish' && name.startsWith(prefix);
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
      { code: 'forbidden', detail: `This token may not publish db-${method}.` },
    ]);
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
