import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

import { get, names } from '../support/client.js';
import { row } from './support/row.js';
import { startNginx } from './support/nginx.js';
import { program } from './support/tools.js';
import { ask, askAsWriter, BEARER, fieldsOf, form, pump, repeated } from './support/wire.js';

const MB = 1_000_000;
const LARGE = 100 * MB;
const LIMIT = 120 * MB;
const CONTENT = 'package ';
const digest = createHash('sha256');
for (const block of repeated(CONTENT, LARGE)) digest.update(block);
const SHA256 = digest.digest('hex');

function* chunked(blocks: Iterable<Buffer>): Generator<Buffer> {
  for (const block of blocks)
    yield Buffer.concat([Buffer.from(`${block.length.toString(16)}\r\n`), block, Buffer.from('\r\n')]);
  yield Buffer.from('0\r\n\r\n');
}

function* formed(name: string): Generator<Buffer> {
  const [opening = '', closing = ''] = String(form(`name="file"; filename="${name}"`, '|').body).split('|');
  yield Buffer.from(opening);
  yield* repeated(CONTENT, LARGE);
  yield Buffer.from(closing);
}

const lengthOf = (blocks: Iterable<Buffer>): number => {
  let length = 0;
  for (const block of blocks) length += block.length;
  return length;
};

/** What clients do, in turn, and what they are answered. */
async function storyAt(port: number): Promise<string[]> {
  const at = { port, url: `http://127.0.0.1:${port}` };
  const story: string[] = [];
  const send = async (what: string, request: string, headers: readonly string[], body: Iterable<Buffer>) => {
    const head = [`${request} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');
    const { status, text } = await pump(at, head, body);
    story.push(`${what}: ${status}${text.includes(SHA256) ? ' whole' : ''}`);
  };
  const length = (bytes: number): string => `Content-Length: ${bytes}`;
  const large = (): Iterable<Buffer> => repeated(CONTENT, LARGE);
  const multipart = 'Content-Type: multipart/form-data; boundary=x';
  const formLength = length(lengthOf(formed('form.zip')));

  await send('no token', 'PUT /assets/a.zip', [length(LARGE)], large());
  await send('no token, in chunks', 'PUT /assets/a.zip', ['Transfer-Encoding: chunked'], chunked(large()));
  await send('no token, a form', 'POST /upload', [multipart, formLength], formed('form.zip'));
  await send('new', 'PUT /assets/a.zip', [BEARER, length(LARGE)], large());
  await send('taken', 'PUT /assets/a.zip', [BEARER, length(LARGE)], large());
  await send('expecting', 'PUT /assets/a.zip', [BEARER, length(LARGE), 'Expect: 100-continue'], large());
  await send('too large', 'PUT /assets/b.zip', [BEARER, length(LIMIT + 1)], repeated(CONTENT, LIMIT + 1));
  const chunks = [BEARER, 'Transfer-Encoding: chunked'];
  await send('in chunks', 'PUT /assets/a.zip?overwrite=true', chunks, chunked(large()));
  await send('too large, in chunks', 'PUT /assets/b.zip', chunks, chunked(repeated(CONTENT, LIMIT + 1)));
  await send('a form', 'POST /upload', [BEARER, multipart, formLength], formed('form.zip'));

  const download = await get(at, '/assets/a.zip');
  const received = createHash('sha256');
  for await (const chunk of download.body ?? []) received.update(chunk as Uint8Array);
  story.push(`download: ${download.status} ${received.digest('hex') === SHA256 ? 'whole' : 'torn'}`);
  const tag = download.headers.get('etag') ?? '';
  for (const header of [
    'Range: bytes=1-2',
    `Range: bytes=${LARGE}-`,
    `If-None-Match: ${tag}`,
    'If-Match: "x"',
  ])
    story.push(`${header}: ${(await ask(at, 'GET /assets/a.zip', { headers: [header] })).status}`);
  const head = await ask(at, 'HEAD /assets/a.zip');
  story.push(`HEAD: ${head.status} ${fieldsOf(head)['content-length']} ${fieldsOf(head)['etag']}`);

  const cutOff = connect(port, '127.0.0.1');
  cutOff.on('error', () => undefined);
  cutOff.write(`PUT /assets/cut.zip HTTP/1.1\r\nHost: x\r\n${BEARER}\r\n${length(LARGE)}\r\n\r\nhalf`);
  await once(cutOff, 'connect');
  cutOff.destroy();
  for (const request of [
    'DELETE /assets/a.zip',
    'DELETE /assets/a.zip',
    'DELETE /assets/form.zip',
    'POST /latest',
  ])
    story.push(`${request}: ${(await askAsWriter(at, request)).status}`);
  return story;
}

row(
  'P3',
  'nginx in front that buffers requests or does not, uploads and refusals of 100 MB',
  { rounds: { usual: 1, long: 20, of: 'rounds' }, needs: [program('nginx', 'nginx-light')] },
  async ({ server: start, rounds }) => {
    const server = await start({ MAX_UPLOAD_SIZE: String(LIMIT), TRUST_PROXY: 'loopback' });
    const nginx = await startNginx(server.port);
    try {
      for (let round = 0; round < rounds; round++) {
        const direct = await storyAt(server.port);
        expect(direct).toEqual([
          'no token: 401',
          'no token, in chunks: 401',
          'no token, a form: 401',
          'new: 201 whole',
          'taken: 409 whole',
          'expecting: 409 whole',
          'too large: 413',
          'in chunks: 200 whole',
          'too large, in chunks: 413',
          'a form: 200 whole',
          'download: 200 whole',
          'Range: bytes=1-2: 206',
          `Range: bytes=${LARGE}-: 416`,
          `If-None-Match: "sha256:${SHA256}": 304`,
          'If-Match: "x": 412',
          `HEAD: 200 ${LARGE} "sha256:${SHA256}"`,
          'DELETE /assets/a.zip: 204',
          'DELETE /assets/a.zip: 404',
          'DELETE /assets/form.zip: 204',
          'POST /latest: 405',
        ]);
        for (const how of ['buffering', 'streaming'] as const) {
          const story = await storyAt(nginx[how]);
          expect([how, ...story]).toEqual([how, ...direct]);
          const url = `http://127.0.0.1:${nginx[how]}`;
          expect(await (await get({ url }, '/packages')).text()).toContain('https://pkg.example/releases/');
        }
        expect(await names(server)).toEqual([]);
      }
    } finally {
      await nginx.stop();
    }
  },
);
