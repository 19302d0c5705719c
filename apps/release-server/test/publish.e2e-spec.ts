import { once } from 'node:events';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { get, json, names, post, put, sha256 } from './support/client.js';
import { rawRequest, readAnswer } from './support/raw.js';
import { AUTH, startServer, TOKEN, withServer, type TestServer } from './support/server.js';
import { itOnDirectory } from './support/storage.js';
import { connectTo } from './support/tls.js';
import { until } from './support/until.js';

const BEARER = `Authorization: Bearer ${TOKEN}`;

describe('publishing', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await startServer({ max_upload_size: '1MiB' });
  });

  afterEach(async () => {
    await server.stop();
  });

  const expectNothingStored = async (): Promise<void> => {
    expect(await names(server)).toEqual([]);
    expect(await server.staged()).toEqual([]);
    expect(await server.stored()).toEqual([]);
  };

  describe('from a form', () => {
    it('stores the file under its name and answers 200 with its digest', async () => {
      const response = await post(server, 'tool-1.0.0.zip', 'content');
      expect(response.status).toBe(200);
      expect(await json(response)).toEqual({
        name: 'tool-1.0.0.zip',
        size: 7,
        created_at: expect.any(String),
        sha256: sha256('content'),
        url: `${server.url}/assets/tool-1.0.0.zip`,
        release: '1.0.0',
        evicted: [],
      });
      expect(await (await get(server, '/assets/tool-1.0.0.zip')).text()).toBe('content');
      expect(await server.staged()).toEqual([]);
    });

    it('takes a text field before the file, a quoted boundary and a body of unknown length', async () => {
      const body = [
        '--a b',
        'Content-Disposition: form-data; name="comment"\r\n',
        'hello',
        '--a b',
        'Content-Disposition: form-data; name="file"; filename="a.zip"',
        'Content-Type: application/zip\r\n',
        'bytes',
        '--a b--\r\n',
      ].join('\r\n');
      const chunks = body.match(/[\s\S]{1,20}/g) ?? [];
      const head = `POST /upload/ HTTP/1.1\r\nHost: x\r\n${BEARER}\r\nContent-Type: multipart/form-data; boundary="a b"\r\nTransfer-Encoding: chunked\r\n\r\n`;
      const encoded = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
      const answer = await rawRequest(server.port, `${head}${encoded}0\r\n\r\n`);
      expect(answer.status).toBe(200);
      expect(await names(server)).toEqual(['a.zip']);
    });

    it.each([
      ['a name with a path', '../../x'],
      ['a name with a line break and a quote', 'a%0D%0AX: 1%22.html'],
      ['a hidden name', '.env'],
      ['a name that ends in a dot', 'a.'],
      ['a name of 201 characters', 'a'.repeat(201)],
      ['a name that is not ASCII', 'pâté.zip'],
    ])('refuses %s with 400', async (_, name) => {
      const response = await rawForm(server, `name="file"; filename="${name}"`, 'bytes');
      expect(response.status).toBe(400);
      expect(await json(response)).toMatchObject({
        code: 'invalid_package_name',
        status: 400,
        instance: '/upload',
      });
      await expectNothingStored();
    });

    it.each([
      ['a file part without a filename', 'name="file"'],
      ['a file part with an empty filename', 'name="file"; filename=""'],
    ])('refuses %s with 400', async (_, disposition) => {
      expect((await rawForm(server, disposition, 'bytes')).status).toBe(400);
      await expectNothingStored();
    });

    it('answers 422 when the file is in another field, or there is none', async () => {
      const other = await rawForm(server, 'name="package"; filename="a.zip"', 'bytes');
      expect(other.status).toBe(422);
      expect(await json(other)).toMatchObject({ code: 'missing_file' });
      const form = new FormData();
      form.set('comment', 'hello');
      const none = await fetch(`${server.url}/upload`, { method: 'POST', body: form, headers: AUTH });
      expect(none.status).toBe(422);
      const plain = await fetch(`${server.url}/upload`, { method: 'POST', body: 'x', headers: AUTH });
      expect(plain.status).toBe(422);
      await expectNothingStored();
    });

    it.each([
      ['two files', 2, 0, 400],
      ['10,000 text fields', 1, 10_000, 400],
    ])('refuses %s, and keeps none', async (_, files, fields, status) => {
      const form = new FormData();
      for (let index = 0; index < files; index++) form.append('file', new Blob(['x']), `f${index}.zip`);
      for (let index = 0; index < fields; index++) form.append(`field${index}`, 'x');
      const response = await fetch(`${server.url}/upload`, { method: 'POST', body: form, headers: AUTH });
      expect(response.status).toBe(status);
      await expectNothingStored();
    });

    it.each([
      ['a missing boundary', 'multipart/form-data', '--x\r\n'],
      [
        'a body that ends early',
        'multipart/form-data; boundary=x',
        formBody('name="file"; filename="a.zip"', 'b').slice(0, -6),
      ],
      ['a body that is no multipart', 'multipart/form-data; boundary=x', 'hello'],
      [
        'a part that ends within its header',
        'multipart/form-data; boundary=x',
        `--x\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n${formBody('name="file"; filename="b.zip"', 'b')}`,
      ],
      [
        'a file that contains its boundary',
        'multipart/form-data; boundary=x',
        formBody('name="file"; filename="a.zip"', 'a\r\n--xyz\r\nb'),
      ],
      [
        'a deeply nested field name',
        'multipart/form-data; boundary=x',
        `--x\r\nContent-Disposition: form-data; name="a${'[b]'.repeat(1000)}"\r\n\r\nv\r\n--x--\r\n`,
      ],
    ])('refuses %s with 400', async (_, contentType, body) => {
      const headers = { ...AUTH, 'Content-Type': contentType };
      const response = await fetch(`${server.url}/upload`, { method: 'POST', body, headers });
      expect(response.status).toBe(400);
      expect(await json(response)).toMatchObject({ code: 'malformed_multipart' });
      await expectNothingStored();
    });

    it('refuses a form that goes on and on before its file', async () => {
      const body = `${'p'.repeat(300_000)}\r\n${formBody('name="file"; filename="a.zip"', 'b')}`;
      const headers = { ...AUTH, 'Content-Type': 'multipart/form-data; boundary=x' };
      const response = await fetch(`${server.url}/upload`, { method: 'POST', body, headers });
      expect(response.status).toBe(400);
      expect(await json(response)).toMatchObject({ code: 'malformed_multipart' });
      await expectNothingStored();
    });

    it('refuses a file that begins after the end of the form, however it arrives', async () => {
      // Caught: waiting for ever for the end of a part whose rest the parser ignores.
      const head = `POST /upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n`;
      const body = `--x--\r\n--x\r\n\r\n${formBody('name="file"; filename="a.zip"', 'bb')}`;
      const socket = connectTo(server.port);
      const answer = readAnswer(socket, 300);
      socket.write(head);
      for (const piece of [body.slice(0, -10), body.slice(-10)]) {
        socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`);
        await delay(20);
      }
      socket.write('0\r\n\r\n');
      expect((await answer).status).toBe(400);
      await expectNothingStored();
    });

    it('keeps nothing of a form whose file came whole and whose next part is broken', async () => {
      const body = `${formBody('name="file"; filename="a.zip"', 'b').slice(0, -4)}\r\nContent-Disposition: form-data; name="file"; filename="b.zip"\r\n\r\nx\r\n--x--\r\n`;
      const headers = { ...AUTH, 'Content-Type': 'multipart/form-data; boundary=x' };
      const response = await fetch(`${server.url}/upload`, { method: 'POST', body, headers });
      expect(response.status).toBe(400);
      await expectNothingStored();
    });
  });

  describe('by PUT', () => {
    it('answers 201 with Location and ETag, and 200 when it replaces', async () => {
      const created = await put(server, 'a.zip', 'one');
      expect(created.status).toBe(201);
      expect(created.headers.get('Location')).toBe(`${server.url}/assets/a.zip`);
      expect(created.headers.get('ETag')).toBe(`"sha256:${sha256('one')}"`);
      const replaced = await put(server, 'a.zip', 'two', { query: '?overwrite=true' });
      expect(replaced.status).toBe(200);
      expect(replaced.headers.get('Location')).toBeNull();
      expect(await (await get(server, '/assets/a.zip')).text()).toBe('two');
    });

    it('takes a stream of unknown length', async () => {
      const body = Readable.toWeb(Readable.from([Buffer.from('one '), Buffer.from('two')])) as ReadableStream;
      const response = await fetch(`${server.url}/assets/a.zip`, {
        method: 'PUT',
        body,
        headers: AUTH,
        duplex: 'half',
      } as RequestInit);
      expect(response.status).toBe(201);
      expect(await json(response)).toMatchObject({ size: 7 });
    });

    it.each([
      '..%2f..%2fetc',
      '%2e%2e%2fx',
      '..%5cx',
      'a%2fb',
      'a%00b',
      'a%0d%0ab',
      '.env',
      '__proto__',
      'a%E2%80%AEb',
      '../x',
      'a/b',
    ])('refuses the name %s with 400, and knows nothing of it', async (name) => {
      const answer = await rawRequest(
        server.port,
        `PUT /assets/${name} HTTP/1.1\r\nHost: x\r\n${BEARER}\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx`,
      );
      expect(answer.status).toBe(400);
      const read = await rawRequest(
        server.port,
        `GET /assets/${name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      expect(read.status).toBe(404);
      await expectNothingStored();
    });

    it('takes "constructor" as the ordinary name that it is', async () => {
      expect((await get(server, '/assets/constructor')).status).toBe(404);
      expect((await put(server, 'constructor', 'x')).status).toBe(201);
      expect(await names(server)).toEqual(['constructor']);
    });
  });

  describe.each([
    ['a form', post],
    ['PUT', put],
  ])('by %s', (_, publish) => {
    it('answers 409 with the stored digest, and keeps what is stored', async () => {
      await publish(server, 'a.zip', 'one');
      const response = await publish(server, 'a.zip', 'two');
      expect(response.status).toBe(409);
      expect(response.headers.get('Content-Type')).toBe('application/problem+json');
      expect(await json(response)).toMatchObject({
        code: 'package_exists',
        digest: `sha256:${sha256('one')}`,
        size: 3,
      });
      expect(await (await get(server, '/assets/a.zip')).text()).toBe('one');
      expect(await server.staged()).toEqual([]);
    });

    it('overwrites when asked to', async () => {
      await publish(server, 'a.zip', 'one');
      for (const yes of ['true', '1']) {
        expect((await publish(server, 'a.zip', `two ${yes}`, { query: `?overwrite=${yes}` })).status).toBe(
          200,
        );
      }
      expect(await (await get(server, '/assets/a.zip')).text()).toBe('two 1');
      expect((await publish(server, 'a.zip', 'three', { query: '?overwrite=false' })).status).toBe(409);
    });

    it('honours If-None-Match and If-Match', async () => {
      const headers = { 'If-None-Match': '*' };
      await publish(server, 'a.zip', 'one');
      const taken = await publish(server, 'a.zip', 'two', { headers });
      expect(taken.status).toBe(412);
      expect(await json(taken)).toMatchObject({
        code: 'precondition_failed',
        digest: `sha256:${sha256('one')}`,
      });
      expect((await publish(server, 'b.zip', 'x', { headers })).ok).toBe(true);
      expect((await publish(server, 'a.zip', 'two', { headers: { 'If-Match': '"sha256:00"' } })).status).toBe(
        412,
      );
      expect((await publish(server, 'c.zip', 'two', { headers: { 'If-Match': '*' } })).status).toBe(412);
      const current = { 'If-Match': `"sha256:${sha256('one')}"` };
      expect((await publish(server, 'a.zip', 'two', { headers: current })).status).toBe(200);
      expect((await publish(server, 'a.zip', 'three', { headers: current })).status).toBe(412);
      expect(await (await get(server, '/assets/a.zip')).text()).toBe('two');
    });

    it('checks the checksum that the client announces', async () => {
      const right = sha256('one');
      expect(
        (await publish(server, 'a.zip', 'one', { headers: { 'X-Checksum-Sha256': right.toUpperCase() } })).ok,
      ).toBe(true);
      expect((await publish(server, 'b.zip', 'one', { query: `?digest=sha256:${right}` })).ok).toBe(true);
      const wrong = await publish(server, 'c.zip', 'two', { query: `?digest=sha256:${right}` });
      expect(wrong.status).toBe(400);
      expect(await json(wrong)).toMatchObject({ code: 'checksum_mismatch' });
      expect((await publish(server, 'c.zip', 'two', { headers: { 'X-Checksum-Sha256': 'zz' } })).status).toBe(
        400,
      );
      expect((await names(server)).includes('c.zip')).toBe(false);
      expect(await server.staged()).toEqual([]);
    });

    it('refuses an empty file with 400', async () => {
      const response = await publish(server, 'a.zip', '');
      expect(response.status).toBe(400);
      expect(await json(response)).toMatchObject({ code: 'package_empty' });
      await expectNothingStored();
    });

    it.each(['?overwrite=maybe', '?overwrite=true&overwrite=false', '?digest=md5:00', '?overwrite='])(
      'answers 422 to %s',
      async (query) => {
        const response = await publish(server, 'a.zip', 'x', { query });
        expect(response.status).toBe(422);
        expect(await json(response)).toMatchObject({ code: 'invalid_parameter' });
        await expectNothingStored();
      },
    );

    it('takes exactly the limit, and answers 413 to a byte more', async () => {
      const limit = new Uint8Array(1024 * 1024);
      expect((await publish(server, 'a.zip', limit)).ok).toBe(true);
      const over = await publish(server, 'b.zip', new Uint8Array(1024 * 1024 + 1));
      expect(over.status).toBe(413);
      expect(await json(over)).toMatchObject({ code: 'package_too_large' });
      expect(await names(server)).toEqual(['a.zip']);
      expect(await server.staged()).toEqual([]);
    });

    it('answers 401 without a valid token, whatever is stored, and reads no name', async () => {
      await publish(server, 'a.zip', 'one');
      for (const Authorization of ['', 'Bearer wrong', `Basic ${TOKEN}`, 'Bearer', `Bearer ${TOKEN} x`]) {
        for (const name of ['a.zip', 'b.zip']) {
          const response = await publish(server, name, 'two', { headers: { Authorization } });
          expect(response.status).toBe(401);
          expect(response.headers.get('WWW-Authenticate')).toMatch(/^Bearer/);
        }
      }
      expect(
        (await publish(server, 'b.zip', 'x', { query: `?token=${TOKEN}`, headers: { Authorization: '' } }))
          .status,
      ).toBe(401);
      expect(
        (await publish(server, 'c.zip', 'x', { headers: { Authorization: `bEaReR ${TOKEN}` } })).ok,
      ).toBe(true);
      expect(await names(server)).toEqual(['c.zip', 'a.zip']);
    });
  });

  describe('refusing before the body', () => {
    const head = (target: string, ...headers: string[]): string =>
      [`${target} HTTP/1.1`, 'Host: x', 'Expect: 100-continue', ...headers, '', ''].join('\r\n');

    it.each([
      ['401 without a token', 'PUT /assets/n.zip', ['Content-Length: 1000'], 401],
      ['401 with two Authorization headers', 'PUT /assets/n.zip', [BEARER, BEARER, 'Content-Length: 9'], 401],
      ['409 for a stored name', 'PUT /assets/stored.zip', [BEARER, 'Content-Length: 1000'], 409],
      [
        '412 for a wrong If-Match',
        'PUT /assets/stored.zip',
        [BEARER, 'Content-Length: 9', 'If-Match: "x"'],
        412,
      ],
      ['413 for a length over the limit', 'PUT /assets/n.zip', [BEARER, 'Content-Length: 104857600'], 413],
      ['422 for a bad parameter', 'PUT /assets/n.zip?overwrite=x', [BEARER, 'Content-Length: 9'], 422],
      [
        '401 to a form',
        'POST /upload',
        ['Content-Type: multipart/form-data; boundary=x', 'Content-Length: 9'],
        401,
      ],
      [
        '413 to a form over the limit',
        'POST /upload',
        [BEARER, 'Content-Type: multipart/form-data; boundary=x', 'Content-Length: 104857600'],
        413,
      ],
    ])('answers %s, and never asks for the body', async (_, target, headers, status) => {
      await put(server, 'stored.zip', 'x');
      const answer = await rawRequest(server.port, head(target, ...headers));
      expect(answer.status).toBe(status);
      expect(answer.text).not.toContain('100 Continue');
      expect(answer.head).toMatch(/connection: close/i);
    });

    it('asks for a body that it wants', async () => {
      const socket = connectTo(server.port);
      socket.write(head('PUT /assets/n.zip', BEARER, 'Content-Length: 5'));
      const [interim] = (await once(socket, 'data')) as [Buffer];
      expect(interim.toString()).toMatch(/^HTTP\/1.1 100 Continue/);
      socket.write('bytes');
      expect((await readAnswer(socket, 300)).status).toBe(201);
    });

    it.each([['no Authorization'], ['a wrong one']])(
      'answers a client that sends 100 MB with %s, and stops reading soon',
      async (kind) => {
        const socket = connectTo(server.port);
        const authorization = kind === 'no Authorization' ? '' : 'Authorization: Bearer wrong\r\n';
        socket.write(
          `PUT /assets/n.zip HTTP/1.1\r\nHost: x\r\n${authorization}Content-Length: 104857600\r\n\r\n`,
        );
        const closed = once(socket, 'close').catch(() => undefined);
        let answer = '';
        socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
        socket.on('error', () => undefined);
        const block = Buffer.alloc(1024 * 1024);
        let sent = 0;
        while (!socket.destroyed && sent < 100) {
          if (!socket.write(block))
            await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
          sent += 1;
        }
        await closed;
        expect(answer).toMatch(/^HTTP\/1.1 401 /);
        expect(answer).toContain('"code":"unauthorized"');
        expect(sent).toBeLessThan(100);
        expect(await server.staged()).toEqual([]);
      },
    );

    it('answers 413 to a chunked body past the limit, and drops a client that then stalls within 5 s', async () => {
      const socket = connectTo(server.port);
      socket.write(
        `PUT /assets/n.zip HTTP/1.1\r\nHost: x\r\n${BEARER}\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      const size = 1024 * 1024 + 10;
      socket.write(`${size.toString(16)}\r\n`);
      socket.write(Buffer.alloc(size));
      const started = Date.now();
      const answer = await readAnswer(socket, 10_000);
      expect(answer.status).toBe(413);
      expect(Date.now() - started).toBeLessThan(5000);
      await expectNothingStored();
    });
  });

  it('keeps nothing of a body that is cut off', async () => {
    const socket = connectTo(server.port);
    socket.write(`PUT /assets/n.zip HTTP/1.1\r\nHost: x\r\n${BEARER}\r\nContent-Length: 1000\r\n\r\nhalf`);
    await until(async () => (await server.staged()).length === 1);
    socket.destroy();
    await until(async () => (await server.staged()).length === 0);
    await expectNothingStored();
  });

  it('lets one of 64 parallel creates of one name succeed, and tells the others of it', async () => {
    // Caught: checking the name and then writing, instead of link; writing in place.
    const bodies = Array.from({ length: 64 }, (_, index) => `body ${index} `.repeat(1000));
    const responses = await Promise.all(
      bodies.map((body, index) => (index % 2 ? put : post)(server, 'a.zip', body)),
    );
    const winners = responses.flatMap((response, index) => (response.ok ? [index] : []));
    expect(winners).toHaveLength(1);
    expect(responses.filter(({ status }) => status === 409)).toHaveLength(63);
    expect(await (await get(server, '/assets/a.zip')).text()).toBe(bodies[winners[0] ?? -1]);
    expect(await server.stored()).toEqual(['a.zip']);
    expect(await server.staged()).toEqual([]);
  });
});

itOnDirectory(
  'says what has the name where that is no package, before the body and when asked to overwrite',
  () =>
    withServer({}, async (server) => {
      await mkdir(join(server.directory, 'a.zip'));
      await symlink('nowhere', join(server.directory, 'b.zip'));
      const waiting = (query: string): string =>
        `PUT /assets/a.zip${query} HTTP/1.1\r\nHost: x\r\n${BEARER}\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`;
      for (const query of ['', '?overwrite=true']) {
        expect((await rawRequest(server.port, waiting(query))).status).toBe(409);
        for (const publish of [post, put]) {
          const response = await publish(server, 'a.zip', 'x', { query });
          expect(response.status).toBe(409);
          expect(await json(response)).toMatchObject({
            code: 'package_exists',
            detail: expect.stringMatching(/^Under a\.zip lies a directory, not a package: move it/),
            digest: null,
          });
        }
      }
      expect(await json(await put(server, 'b.zip', 'x'))).toMatchObject({
        code: 'package_exists',
        detail: expect.stringContaining('a symbolic link'),
      });
      expect((await put(server, 'b.zip', 'x', { query: '?overwrite=true' })).status).toBe(201);
      for (const method of ['GET', 'DELETE']) {
        const response = await fetch(`${server.url}/assets/a.zip`, { method, headers: AUTH });
        expect(response.status).toBe(404);
      }
      expect(await server.staged()).toEqual([]);
    }),
);

it('answers 507 before the body when the disk would be left too full, and stores nothing', () =>
  withServer({ min_free_space: '1000000GiB' }, async (server) => {
    for (const publish of [post, put]) {
      const response = await publish(server, 'a.zip', 'x');
      expect(response.status).toBe(507);
      expect(await json(response)).toMatchObject({ code: 'insufficient_storage' });
    }
    expect(await names(server)).toEqual([]);
  }));

it('answers 403 to every write when it is read-only, and serves reads', () =>
  withServer({}, async (writer) => {
    await put(writer, 'a.zip', 'content');
    const reading = { read_only: true, auth_token: undefined, storage_path: writer.directory };
    await withServer(reading, async (server) => {
      for (const response of [
        await put(server, 'b.zip', 'x'),
        await post(server, 'b.zip', 'x'),
        await fetch(`${server.url}/assets/a.zip`, { method: 'DELETE', headers: AUTH }),
      ]) {
        expect(response.status).toBe(403);
        expect(await json(response)).toMatchObject({ code: 'read_only' });
      }
      expect(await (await get(server, '/assets/a.zip')).text()).toBe('content');
      expect((await get(server, '/readyz')).status).toBe(200);
    });
  }));

itOnDirectory('writes nothing into the directory when it is read-only', () =>
  withServer({ read_only: true, auth_token: undefined }, async (server) => {
    expect((await get(server, '/latest')).status).toBe(200);
    expect((await get(server, '/readyz')).status).toBe(200);
    expect(await readdir(server.directory)).toEqual([]);
  }),
);

function formBody(disposition: string, content: string): string {
  return `--x\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: application/octet-stream\r\n\r\n${content}\r\n--x--\r\n`;
}

async function rawForm(server: TestServer, disposition: string, content: string): Promise<Response> {
  const headers = { ...AUTH, 'Content-Type': 'multipart/form-data; boundary=x' };
  return fetch(`${server.url}/upload`, { method: 'POST', body: formBody(disposition, content), headers });
}
