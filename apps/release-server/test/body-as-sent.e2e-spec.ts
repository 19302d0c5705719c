import { once } from 'node:events';

import { get, json, names, put, sha256 } from './support/client.js';
import { rawRequest, readAnswer } from './support/raw.js';
import { AUTH, startServer, TOKEN, type TestServer } from './support/server.js';
import { connectTo } from './support/tls.js';

const BODY = 'ten bytes!';

describe('an upload', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await startServer();
  });

  afterEach(async () => {
    await server.stop();
  });

  const expectRefused = async (response: Response, status: number, code: string): Promise<void> => {
    expect({ status: response.status, ...(await json(response)) }).toMatchObject({ status, code });
    expect(await names(server)).toEqual([]);
    expect(await server.staged()).toEqual([]);
    expect(await server.stored()).toEqual([]);
  };

  it.each([
    ['bytes 1000-1999/2000'],
    ['bytes 0-9/20'],
    ['bytes 10-19/20'],
    ['bytes 0-9/*'],
    ['bytes */10'],
    ['bytes 0-10/11'],
    ['bytes 1-9/10'],
    ['bytes=0-9/10'],
    ['items 0-9/10'],
    ['bytes 0-9/10, bytes 0-9/10'],
    ['nonsense'],
  ])('by PUT with Content-Range: %s is refused with 400', async (range) => {
    const response = await put(server, 'a.zip', BODY, { headers: { 'Content-Range': range } });
    await expectRefused(response, 400, 'partial_upload');
  });

  it('by PUT with a Content-Range that is the whole is stored', async () => {
    const headers = { 'Content-Range': 'bytes 0-9/10' };
    expect((await put(server, 'a.zip', BODY, { headers })).status).toBe(201);
    expect(await (await get(server, '/assets/a.zip')).text()).toBe(BODY);
  });

  it.each([
    ['10', 201],
    ['11', 400],
    ['9', 400],
  ])('of unknown length is held against a Content-Range of %s bytes', async (size, status) => {
    const range = `Content-Range: bytes 0-${Number(size) - 1}/${size}`;
    const answer = await rawRequest(
      server.port,
      `PUT /assets/a.zip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n${range}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\na\r\n${BODY}\r\n0\r\n\r\n`,
    );
    expect(answer.status).toBe(status);
    expect(await names(server)).toEqual(status === 201 ? ['a.zip'] : []);
  });

  it.each([
    ['Upload-Complete', '?0'],
    ['Upload-Incomplete', '?1'],
    ['Upload-Offset', '1000'],
  ])('that is a part by its %s: %s is refused with 400', async (name, value) => {
    await expectRefused(
      await put(server, 'a.zip', BODY, { headers: { [name]: value } }),
      400,
      'partial_upload',
    );
  });

  it.each([
    'multipart/form-data; boundary=x',
    'Multipart/Form-Data;boundary="x"',
    'multipart/byteranges; boundary=x',
    'multipart/mixed; boundary=x',
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; charset=utf-8',
    'application/partial-upload',
    'application/offset+octet-stream',
    'application/octet-stream, multipart/form-data; boundary=x',
    'message/partial; id=x; number=1',
  ])('by PUT as %s is refused with 415', async (type) => {
    const response = await put(server, 'a.zip', BODY, { headers: { 'Content-Type': type } });
    await expectRefused(response, 415, 'unsupported_media_type');
  });

  it('by PUT as a form is told where forms go', async () => {
    const body = new FormData();
    body.set('file', new Blob([BODY]), 'a.zip');
    const response = await fetch(`${server.url}/assets/a.zip`, { method: 'PUT', body, headers: AUTH });
    expect(response.status).toBe(415);
    expect(await json(response)).toMatchObject({
      detail: expect.stringMatching(/curl -T .*POST \/upload/),
    });
  });

  it.each(['application/octet-stream; charset=utf-8', 'application/x-tar', 'message/rfc822', 'x', ''])(
    'by PUT as %j is stored',
    async (type) => {
      const answer = await rawRequest(
        server.port,
        `PUT /assets/a.zip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: ${type}\r\nContent-Length: 10\r\nConnection: close\r\n\r\n${BODY}`,
      );
      expect(answer.status).toBe(201);
    },
  );

  it.each(['base64', 'Quoted-Printable', 'binary, base64'])(
    'by PUT with Content-Transfer-Encoding: %s is refused with 415',
    async (encoding) => {
      const response = await put(server, 'a.zip', BODY, {
        headers: { 'Content-Transfer-Encoding': encoding },
      });
      await expectRefused(response, 415, 'unsupported_content_coding');
    },
  );

  it.each(['gzip', 'GZIP', 'br', 'aws-chunked', 'identity, gzip', 'x'])(
    'with Content-Encoding: %s is refused with 415, by PUT and as a form',
    async (coding) => {
      const headers = { ...AUTH, 'Content-Encoding': coding };
      const body = new FormData();
      body.set('file', new Blob([BODY]), 'a.zip');
      for (const response of [
        await put(server, 'a.zip', BODY, { headers }),
        await fetch(`${server.url}/upload`, { method: 'POST', body, headers }),
      ]) {
        expect(response.headers.get('Accept-Encoding')).toBe('identity');
        await expectRefused(response, 415, 'unsupported_content_coding');
      }
    },
  );

  it('with Content-Encoding: identity is stored', async () => {
    const headers = { 'Content-Encoding': 'Identity' };
    expect((await put(server, 'a.zip', BODY, { headers })).status).toBe(201);
  });

  it('as a form with a Content-Range is refused with 400 unless the file is the whole', async () => {
    const form = (range: string): Promise<Response> => {
      const body = new FormData();
      body.set('file', new Blob([BODY]), 'a.zip');
      const headers = { ...AUTH, 'Content-Range': range };
      return fetch(`${server.url}/upload`, { method: 'POST', body, headers });
    };
    await expectRefused(await form('bytes 0-9/20'), 400, 'partial_upload');
    await expectRefused(await form('bytes 0-19/20'), 400, 'upload_incomplete');
    expect((await form('bytes 0-9/10')).status).toBe(200);
  });

  describe('as a form whose file', () => {
    const send = (...lines: string[]): Promise<Response> => {
      const head = ['Content-Disposition: form-data; name="file"; filename="a.zip"', ...lines];
      const body = `--x\r\nContent-Disposition: form-data; name="note"\r\nContent-Transfer-Encoding: 8bit\r\n\r\nhello\r\n--x\r\n${head.join('\r\n')}\r\n\r\n${BODY}\r\n--x--\r\n`;
      const headers = { ...AUTH, 'Content-Type': 'multipart/form-data; boundary=x' };
      return fetch(`${server.url}/upload`, { method: 'POST', body, headers });
    };

    it.each<[string, number, string]>([
      ['Content-Transfer-Encoding: base64', 400, 'malformed_multipart'],
      ['content-transfer-encoding:BASE64', 400, 'malformed_multipart'],
      ['Content-Transfer-Encoding: quoted-printable', 400, 'malformed_multipart'],
      ['Content-Transfer-Encoding: x-uuencode', 400, 'malformed_multipart'],
      ['Content-Transfer-Encoding: binary\r\nContent-Transfer-Encoding: base64', 400, 'malformed_multipart'],
      ['Content-Type: multipart/mixed; boundary=y', 400, 'malformed_multipart'],
      ['Content-Range: bytes 0-9/20', 400, 'partial_upload'],
      ['CONTENT-ENCODING: gzip', 415, 'unsupported_content_coding'],
    ])('has %s is refused with %i', async (header, status, code) => {
      await expectRefused(await send(header), status, code);
    });

    it.each(['7bit', '8bit', 'Binary'])('has Content-Transfer-Encoding: %s is stored', async (encoding) => {
      expect((await send(`Content-Transfer-Encoding: ${encoding}`)).status).toBe(200);
      expect(await (await get(server, '/assets/a.zip')).text()).toBe(BODY);
    });
  });

  it.each([
    ['Content-Range: bytes 1000-1999/2000', 400],
    ['Content-Type: multipart/form-data; boundary=x', 415],
    ['Content-Encoding: gzip', 415],
  ])('that waits for 100 Continue is refused before its body for %s', async (header, status) => {
    const socket = connectTo(server.port);
    await once(socket, 'connect');
    socket.write(
      `PUT /assets/a.zip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n${header}\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n`,
    );
    const answer = await readAnswer(socket, 300);
    expect(answer.status).toBe(status);
  });

  it('asks for the token before it looks at the body', async () => {
    const headers = { Authorization: '', 'Content-Range': 'bytes 1-2/3' };
    expect((await put(server, 'a.zip', BODY, { headers })).status).toBe(401);
  });

  describe('with a digest of RFC 9530', () => {
    const base64 = (text: string): string => Buffer.from(sha256(text), 'hex').toString('base64');

    it.each([
      ['Repr-Digest', `sha-256=:${base64(BODY)}:`],
      ['Content-Digest', `sha-512=:AAAA:, sha-256=:${base64(BODY)}:`],
      ['Digest', `SHA-256=${base64(BODY)}`],
      ['Repr-Digest', 'sha-512=:AAAA:'],
    ])('that fits is stored: %s: %s', async (name, value) => {
      expect((await put(server, 'a.zip', BODY, { headers: { [name]: value } })).status).toBe(201);
    });

    it.each([
      ['Repr-Digest', `sha-256=:${base64('x')}:`],
      ['Content-Digest', `sha-512=:AAAA:,sha-256=:${base64('x')}:`],
      ['Digest', `md5=x, sha-256=${base64('x')}`],
    ])('that does not fit is refused: %s: %s', async (name, value) => {
      const response = await put(server, 'a.zip', BODY, { headers: { [name]: value } });
      await expectRefused(response, 400, 'checksum_mismatch');
    });

    it('that is none, or differs from another, is refused', async () => {
      const wrong: Record<string, string>[] = [
        { 'Repr-Digest': 'sha-256=:AAAA:' },
        { 'Repr-Digest': `sha-256=:${base64('x')}:`, 'X-Checksum-Sha256': sha256(BODY) },
      ];
      for (const headers of wrong) {
        await expectRefused(await put(server, 'a.zip', BODY, { headers }), 400, 'bad_request');
      }
    });
  });
});
