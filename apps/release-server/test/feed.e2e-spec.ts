import { program } from './faults/support/tools.js';
import { get, put } from './support/client.js';
import { AUTH, startServer, withServer, type TestServer } from './support/server.js';
import { parseXml, type XmlElement } from './support/xml.js';

const ATOM = '{http://www.w3.org/2005/Atom}';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
/** With characters of which some are none of XML. */
const hostile = (...[one, two, three]: readonly string[]): string =>
  `<script>alert("&amp;")</script> ]]> &lt; ${one}${two}\u007f${three} 😀`;
const HOSTILE = hostile('\u0001', '\u001f', '\ufffe');
const describeParsed = program('python3')() === undefined ? describe : describe.skip;

describeParsed('the feed of releases', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ repository: 'acme/tool' });
    for (let patch = 0; patch < 31; patch++) await put(server, `tool-v1.0.${patch}.zip`, 'x');
    await make({
      tag: 'cli/v2.0.0',
      title: HOSTILE,
      notes: `# News\n\n${HOSTILE}\n\n[a](javascript:alert(1))`,
    });
    await make({ tag: 'v3.0.0', title: 'Secret', draft: true });
    await put(server, 'README.txt', 'no version');
  });

  afterAll(async () => {
    await server.stop();
  });

  async function make(release: object): Promise<void> {
    const answer = await fetch(`${server.url}/releases`, {
      method: 'POST',
      headers: AUTH,
      body: JSON.stringify(release),
    });
    expect(answer.status).toBe(201);
  }

  const feed = async (path = '/releases.atom'): Promise<XmlElement> =>
    parseXml(await (await get(server, path)).bytes());
  const all = ({ children }: XmlElement, name: string): XmlElement[] =>
    children.filter((child) => child.name === ATOM + name);
  const text = (element: XmlElement, name: string): string => {
    const found = all(element, name);
    expect([name, found.length]).toEqual([name, 1]);
    return found[0]?.text ?? '';
  };
  const link = (element: XmlElement, rel: string): string | undefined =>
    all(element, 'link').find(({ attributes }) => attributes['rel'] === rel)?.attributes['href'];

  it('has what RFC 4287 asks of a feed and of each entry', async () => {
    const root = await feed();
    expect(root.name).toBe(`${ATOM}feed`);
    expect([text(root, 'id'), text(root, 'title')]).toEqual([
      `${server.url}/releases`,
      'Releases of acme/tool',
    ]);
    expect([link(root, 'self'), link(root, 'alternate')]).toEqual([
      `${server.url}/releases.atom`,
      `${server.url}/releases`,
    ]);
    const entries = all(root, 'entry');
    expect(entries).toHaveLength(30);
    expect(new Set(entries.map((entry) => text(entry, 'id'))).size).toBe(30);
    for (const entry of entries) {
      expect(text(entry, 'id')).toBe(link(entry, 'alternate'));
      expect(text(entry, 'title')).not.toBe('');
      expect([text(entry, 'updated'), text(entry, 'published')]).toEqual([
        expect.stringMatching(TIME),
        expect.stringMatching(TIME),
      ]);
      expect(all(entry, 'author').map((author) => text(author, 'name'))).toEqual([expect.any(String)]);
    }
    const times = entries.map((entry) => text(entry, 'updated')).toSorted();
    expect(text(root, 'updated')).toBe(times.at(-1));
  });

  it('has the last published first, with notes that are fit to be shown, and no draft', async () => {
    const [first, second] = all(await feed(), 'entry');
    if (first === undefined || second === undefined) throw new Error('There are no entries.');
    expect(link(first, 'alternate')).toBe(`${server.url}/releases/tag/cli%2Fv2.0.0`);
    expect(text(first, 'title')).toBe(hostile('\u{FFFD}', '\u{FFFD}', '\u{FFFD}'));
    expect(all(first, 'content')).toMatchObject([{ attributes: { type: 'html' } }]);
    const html = text(first, 'content');
    expect(html).toContain('<h3>News</h3>');
    expect(html).toContain('&lt;script&gt;alert(');
    expect(html).not.toMatch(/<script|href="javascript/);
    expect([text(second, 'title'), all(second, 'content')]).toEqual(['v1.0.30', []]);
    expect(await (await get(server, '/releases.atom')).text()).not.toMatch(/Secret|v3\.0\.0|README/);
  });

  it('is sent once, as a feed, to those who ask below a repository too', async () => {
    for (const path of ['/releases.atom', '/acme/other/releases.atom']) {
      const answer = await get(server, path);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        'application/atom+xml; charset=utf-8',
      ]);
      const etag = answer.headers.get('etag') ?? '';
      expect((await get(server, path, { 'If-None-Match': etag })).status).toBe(304);
      const head = await fetch(`${server.url}${path}`, { method: 'HEAD' });
      expect([head.status, head.headers.get('etag')]).toEqual([200, etag]);
    }
    expect((await get(server, '/acme/other/releases.atomx')).status).toBe(404);
  });

  it('is named by the page of releases', async () => {
    for (const path of ['/releases', '/acme/tool/releases']) {
      const html = await (await get(server, path, { Accept: 'text/html' })).text();
      const [, href = ''] =
        /<link rel="alternate" type="application\/atom\+xml"[^>]* href="([^"]+)"/.exec(html) ?? [];
      expect(new URL(href, `${server.url}${path}`).href).toBe(`${server.url}/releases.atom`);
    }
  });

  it('is a feed where there is no release, too', async () => {
    await withServer({}, async (empty) => {
      const root = parseXml(await (await get(empty, '/releases.atom')).bytes());
      expect([text(root, 'updated'), all(root, 'entry')]).toEqual(['1970-01-01T00:00:00Z', []]);
    });
  });
});
