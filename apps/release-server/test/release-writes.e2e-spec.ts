import { get, json, names, post, put, sha256 } from './support/client.js';
import { AUTH, startServer, type TestServer } from './support/server.js';

describe('releases that are published as such', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await startServer({});
  });

  afterEach(async () => {
    await server.stop();
  });

  const say = async (method: string, path: string, body?: unknown, headers = AUTH): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const putAsset = async (tag: string, file: string, content: string): Promise<Response> =>
    fetch(`${server.url}/releases/${encodeURIComponent(tag)}/assets/${file}`, {
      method: 'PUT',
      headers: AUTH,
      body: content,
    });
  const download = async (path: string): Promise<Response> => get(server, `/releases/${path}`);

  it('are hidden while they are drafts, and appear as a whole', async () => {
    const made = await say('POST', '/releases', { tag: 'v1.0.0', title: 'One', notes: '# New', draft: true });
    expect(made.status).toBe(201);
    expect(await json(made)).toMatchObject({ tag: 'v1.0.0', draft: true, published_at: null });
    for (const file of ['tool-linux', 'tool-mac']) {
      const answer = await putAsset('v1.0.0', file, file);
      expect([answer.status, answer.headers.get('location')]).toEqual([
        201,
        `${server.url}/releases/download/v1.0.0/${file}`,
      ]);
    }
    expect(await names(server)).toEqual([]);
    expect((await download('download/v1.0.0/tool-linux')).status).toBe(404);
    expect((await get(server, '/releases/tag/v1.0.0')).status).toBe(404);
    expect(await json(await get(server, '/latest'))).toMatchObject({ assets: [] });

    const published = await say('PATCH', '/releases/v1.0.0', { draft: false });

    expect(await json(published)).toMatchObject({ draft: false, title: 'One', notes: '# New' });
    expect((await names(server)).toSorted()).toEqual(['tool-linux', 'tool-mac']);
    const answer = await download('download/v1.0.0/tool-linux');
    expect([await answer.text(), answer.headers.get('content-disposition')]).toEqual([
      'tool-linux',
      'attachment; filename="tool-linux"',
    ]);
    expect(answer.headers.get('etag')).toBe(`"sha256:${sha256('tool-linux')}"`);
    const latest = await fetch(`${server.url}/releases/latest`, { redirect: 'manual' });
    expect([latest.status, latest.headers.get('location')]).toEqual([
      302,
      `${server.url}/releases/tag/v1.0.0`,
    ]);
    expect(await (await download('latest/download/tool-mac')).text()).toBe('tool-mac');
  });

  it('are refused where there is one, where the tag is none, and where nobody says who asks', async () => {
    await put(server, 'tool-1.0.0.zip', 'flat');
    const refusals = [
      [await say('POST', '/releases', { tag: '1.0.0' }), 409, 'release_exists'],
      [await say('POST', '/releases', { tag: 'a..b' }), 400, 'invalid_release_tag'],
      [await say('POST', '/releases', {}), 422, 'invalid_parameter'],
      [await say('POST', '/releases', { tag: 'v2', colour: 'red' }), 422, 'invalid_parameter'],
      [await say('POST', '/releases', [1]), 422, 'invalid_parameter'],
      [await say('POST', '/releases', { tag: 'v2', notes: 'x'.repeat(1_100_000) }), 413, 'body_too_large'],
      [await say('POST', '/releases', { tag: 'v2' }, {} as typeof AUTH), 401, 'unauthorized'],
      [await say('PATCH', '/releases/v9', { notes: '' }), 404, 'release_not_found'],
      [await say('DELETE', '/releases/v9'), 404, 'release_not_found'],
      [await putAsset('a..b', 'x', 'x'), 400, 'invalid_release_tag'],
      [await putAsset('v2', '-x', 'x'), 400, 'invalid_package_name'],
    ] as const;
    for (const [answer, status, code] of refusals) {
      expect([answer.status, (await json(answer)) as unknown]).toEqual([
        status,
        expect.objectContaining({ code }),
      ]);
    }
    expect(await names(server)).toEqual(['tool-1.0.0.zip']);
  });

  it('take packages from a form too, with its conditions and checksum', async () => {
    await say('POST', '/releases', { tag: 'cli/v1', draft: true });
    const query = '?release=cli%2Fv1';
    const made = await post(server, 'tool', 'one', { query });
    expect([made.status, await json(made)]).toEqual([
      200,
      expect.objectContaining({
        name: 'tool',
        release: 'cli/v1',
        url: `${server.url}/releases/download/cli%2Fv1/tool`,
      }),
    ]);
    expect(await names(server)).toEqual([]);
    const taken = await post(server, 'tool', 'two', { query });
    expect([taken.status, await json(taken)]).toEqual([
      409,
      expect.objectContaining({ code: 'package_exists', digest: `sha256:${sha256('one')}` }),
    ]);
    expect((await post(server, 'tool', 'two', { query: `${query}&overwrite=true` })).status).toBe(200);
    const digest = `sha256:${sha256('two')}`;
    const damaged = await post(server, 'other', 'three', { query: `${query}&digest=${digest}` });
    expect([damaged.status, await json(damaged)]).toEqual([
      400,
      expect.objectContaining({ code: 'checksum_mismatch' }),
    ]);
    const none = await post(server, 'new', 'x', { query, headers: { 'If-Match': '*' } });
    expect(none.status).toBe(412);
    for (const release of ['', 'a..b', '..', '%2F', 'x'.repeat(201), 'v1&release=v2']) {
      const answer = await post(server, 'tool', 'x', { query: `?release=${release}` });
      expect([answer.status, await json(answer)]).toEqual([
        400,
        expect.objectContaining({ code: 'invalid_release_tag' }),
      ]);
    }
    await say('PATCH', '/releases/cli%2Fv1', { draft: false });
    expect(await names(server)).toEqual(['tool']);
    expect(await (await download('download/cli/v1/tool')).text()).toBe('two');
  });

  it('get packages that may only go into a draft while they are one', async () => {
    const onlyDraft = [
      (file: string) => post(server, file, file, { query: '?release=v1&draft=true' }),
      (file: string) =>
        fetch(`${server.url}/releases/v1/assets/${file}?draft=true`, {
          method: 'PUT',
          headers: AUTH,
          body: file,
        }),
    ];
    const refused = expect.objectContaining({ code: 'release_not_found' }) as unknown;
    for (const send of onlyDraft) {
      const answer = await send('tool');
      expect([answer.status, await json(answer)]).toEqual([404, refused]);
    }
    const flat = await post(server, 'tool', 'tool', { query: '?draft=true' });
    expect([flat.status, await json(flat)]).toEqual([404, refused]);
    await say('POST', '/releases', { tag: 'v1', draft: true });
    for (const [at, send] of onlyDraft.entries()) expect((await send(`tool-${at}`)).ok).toBe(true);
    const again = await say('POST', '/releases', { tag: 'v1', draft: true });
    expect(await json(again)).toMatchObject({ code: 'release_exists', draft: true });
    await say('PATCH', '/releases/v1', { draft: false });
    for (const send of onlyDraft) {
      const late = await send('late');
      expect([late.status, await json(late)]).toEqual([404, refused]);
      const taken = await send('tool-0');
      expect([taken.status, await json(taken)]).toEqual([
        409,
        expect.objectContaining({ digest: `sha256:${sha256('tool-0')}` }),
      ]);
    }
    expect((await names(server)).toSorted()).toEqual(['tool-0', 'tool-1']);
    expect(await json(await say('POST', '/releases', { tag: 'v1' }))).toMatchObject({ draft: false });
    const unclear = await post(server, 'tool', 'x', { query: '?release=v1&draft=maybe' });
    expect([unclear.status, await json(unclear)]).toEqual([
      422,
      expect.objectContaining({ parameter: 'draft' }),
    ]);
  });

  it('leave with all of their packages, those that only their names make theirs too', async () => {
    await put(server, 'tool-1.0.0.zip', 'flat');
    await putAsset('v1.0.0', 'tool-linux', 'linux');
    await putAsset('cli/v1.0.0', 'cli', 'another release');

    expect((await say('DELETE', '/releases/v1.0.0')).status).toBe(204);

    expect(await names(server)).toEqual(['cli']);
    for (const tag of ['cli%2Fv1.0.0', 'cli/v1.0.0']) {
      expect(await (await download(`download/${tag}/cli`)).text()).toBe('another release');
    }
    expect((await say('DELETE', '/releases/cli%2Fv1.0.0/assets/cli')).status).toBe(204);
    expect(await names(server)).toEqual([]);
    expect(await server.staged()).toEqual([]);
  });
});
