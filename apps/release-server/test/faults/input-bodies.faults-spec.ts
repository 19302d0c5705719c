import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';

import { get, names, put, sha256 } from '../support/client.js';
import { rawRequest, readAnswer, type RawAnswer } from '../support/raw.js';
import type { ServerProcess } from '../support/process.js';
import { row } from './support/row.js';
import { askAsWriter, BEARER, form, pump, repeated, requestBytes, type Message } from './support/wire.js';

const MIB = 1024 * 1024;
const FORM = 'Content-Type: multipart/form-data; boundary=x';

function part(disposition: string, content = 'x'): string {
  return `--x\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;
}

/** Forms that nobody needs, with the status that each gets. */
function badForms(): [string, number, Message][] {
  const file = (name: string): string => part(`name="file"; filename="${name}"`);
  const field = (index: number): string => part(`name="field-${index}"`, 'v'.repeat(1000));
  const body = (...parts: string[]): Message => ({ headers: [FORM], body: `${parts.join('')}--x--\r\n` });
  const whole = String(form('name="file"; filename="f.zip"').body);
  const typed = (type: string): Message => ({ headers: [`Content-Type: ${type}`], body: whole });
  return [
    ['two files', 400, body(file('f.zip'), file('g.zip'))],
    ['one file twice', 400, body(file('f.zip'), file('f.zip'))],
    ['1,000 files', 400, body(...Array.from({ length: 1000 }, (_, index) => file(`f${index}.zip`)))],
    ['10,000 fields', 400, body(...Array.from({ length: 10_000 }, (_, index) => field(index)))],
    ['17 fields and a file', 400, body(...Array.from({ length: 17 }, (_, i) => field(i)), file('f.zip'))],
    ['a field 1,000 deep', 400, body(part(`name="a${'[b]'.repeat(1000)}"`), file('f.zip'))],
    ['a field two deep', 400, body(part('name="a[b]"'), file('f.zip'))],
    ['a long field name', 400, body(part(`name="${'n'.repeat(5000)}"`), file('f.zip'))],
    ['a field of 1 MiB', 400, body(part('name="a"', 'v'.repeat(MIB)), file('f.zip'))],
    ['a part head of 1 MiB', 400, body(`--x\r\nX: ${'h'.repeat(MIB)}\r\n\r\n\r\n`, file('f.zip'))],
    [
      'a part that ends in its head',
      400,
      body(part('name="file"; filename="f.zip"').split('\r\nx')[0] ?? '', file('g.zip')),
    ],
    ['a file in the wrong field', 422, body(part('name="package"; filename="f.zip"'))],
    ['no part', 422, body()],
    ['no boundary', 400, typed('multipart/form-data')],
    ['an empty boundary', 422, typed('multipart/form-data; boundary=')],
    ['another boundary', 400, typed('multipart/form-data; boundary=y')],
    ['another multipart type', 422, typed('multipart/mixed; boundary=x')],
    ['no multipart', 422, typed('application/x-www-form-urlencoded')],
    ['an end in the last boundary', 400, { headers: [FORM], body: whole.slice(0, -5) }],
    ['an end in the content', 400, { headers: [FORM], body: whole.slice(0, whole.indexOf('bytes') + 3) }],
    ['an end in the part head', 400, { headers: [FORM], body: whole.slice(0, 20) }],
  ];
}

/** Forms that would fill the memory of whoever gathers them: how they begin, and what follows over and over. */
const FLOODS: readonly [string, string, string][] = [
  ['a preamble without an end', '', 'p'],
  ['fields without an end', '', part('name="a"', 'v'.repeat(1000))],
  ['a field without an end', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n', 'v'],
  ['a part head without an end', '--x\r\n', `X: ${'h'.repeat(100)}\r\n`],
];
const FLOOD = 64 * MIB;

async function flood(
  server: ServerProcess,
  [opening, text, closing]: readonly [string, string, string],
): Promise<number> {
  const headers = ['Host: x', 'Connection: close', BEARER, FORM, `Content-Length: ${FLOOD}`];
  const head = ['POST /upload?overwrite=true HTTP/1.1', ...headers, '', ''].join('\r\n');
  const middle = repeated(text, FLOOD - opening.length - closing.length);
  const body = [Buffer.from(opening), ...middle, Buffer.from(closing)];
  return (await pump(server, head, body)).status;
}

row(
  'B7',
  'forms with too many, too deep, too large or cut-off parts',
  { rounds: { usual: 1, long: 50, of: 'rounds' } },
  async ({ server: start, rounds, directory, note }) => {
    const server = await start();
    // What an honest form of that size takes, is taken before.
    const [opening = '', closing = ''] = String(form('name="file"; filename="a.zip"', '|').body).split('|');
    for (let index = 0; index < 5; index++)
      expect(await flood(server, [opening, 'content', closing])).toBe(200);
    const { peak: before } = await server.inspect();

    for (let round = 0; round < rounds; round++) {
      for (const [what, status, message] of badForms()) {
        const answer = await askAsWriter(server, 'POST /upload', message);
        expect(`${what}: ${answer.status}`).toBe(`${what}: ${status}`);
      }
      for (const [what, beginning, text] of FLOODS)
        expect(`${what}: ${await flood(server, [beginning, text, ''])}`).toBe(`${what}: 400`);
    }

    const grown = Math.round(((await server.inspect()).peak - before) / MIB);
    note(`${grown} MiB more memory`);
    expect(`${grown} MiB more memory, ${grown < 20 ? 'flat' : 'not flat'}`).toMatch(/, flat$/);
    expect(await names(server)).toEqual(['a.zip']);
    expect((await readdir(directory)).filter((name) => !name.startsWith('.'))).toEqual(['a.zip']);
  },
);

/** Sends what there is of a request and ends it there; the connection stays open for the answer. */
async function askCutOff(server: ServerProcess, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  socket.end(bytes);
  return readAnswer(socket, 5000);
}

row(
  'B12',
  'short bodies, wrong checksums, empty files',
  { rounds: { usual: 5, long: 500, of: 'rounds' } },
  async ({ server: start, rounds, directory }) => {
    const server = await start();
    await put(server, 'old.zip', 'old');
    const expectNothingNew = async (): Promise<void> => {
      expect(await names(server)).toEqual(['old.zip']);
      expect((await readdir(directory)).filter((name) => !name.startsWith('.'))).toEqual(['old.zip']);
      expect(await (await get(server, '/assets/old.zip')).text()).toBe('old');
    };
    const wrong = sha256('another');
    const puts = ['PUT /assets/new.zip', 'PUT /assets/old.zip?overwrite=true'];
    for (let round = 0; round < rounds; round++) {
      for (const target of puts) {
        const body = Buffer.alloc(1 + (round % 10) * 100_000, 'x');
        const head = `${target} HTTP/1.1\r\nHost: x\r\n${BEARER}\r\n`;
        const upload = { headers: [BEARER], body };
        const whole = requestBytes(target, upload);
        const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nbytes\r\n`;
        for (const [what, bytes] of [
          ['a byte too few', whole.subarray(0, -1)],
          ['no byte of the body', whole.subarray(0, -body.length)],
          ['no last chunk', chunked],
          ['half a chunk', chunked.slice(0, -4)],
        ] as const) {
          const { status } = await askCutOff(server, bytes);
          expect(`${target}, ${what}: ${status}`).toBe(`${target}, ${what}: 400`);
        }
        await expectNothingNew();
        for (const headers of [
          [`X-Checksum-Sha256: ${wrong}`],
          ['X-Checksum-Sha256: 00'],
          ['Content-MD5: x', `X-Checksum-Sha256: ${wrong}`],
        ]) {
          expect((await askAsWriter(server, target, { headers, body })).status).toBe(400);
        }
        const query = `${target.includes('?') ? '&' : '?'}digest=sha256:${wrong}`;
        expect((await askAsWriter(server, `${target}${query}`, { body })).status).toBe(400);
        expect((await askAsWriter(server, target, { body: '' })).status).toBe(400);
        expect((await askAsWriter(server, target)).status).toBe(400);
        const chunkless = `${head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
        expect((await rawRequest(server.port, chunkless)).status).toBe(400);
        await expectNothingNew();
      }
      for (const name of ['new.zip', 'old.zip']) {
        const disposition = `name="file"; filename="${name}"`;
        const target = 'POST /upload?overwrite=true';
        const { headers = [], body = '' } = form(disposition, 'bytes');
        const checksum = `X-Checksum-Sha256: ${wrong}`;
        expect((await askAsWriter(server, target, { headers: [...headers, checksum], body })).status).toBe(
          400,
        );
        expect(
          (await askAsWriter(server, `${target}&digest=sha256:${wrong}`, { headers, body })).status,
        ).toBe(400);
        expect((await askAsWriter(server, target, form(disposition, ''))).status).toBe(400);
        const whole = requestBytes(target, { headers: [BEARER, ...headers], body });
        expect((await askCutOff(server, whole.subarray(0, -6))).status).toBe(400);
        await expectNothingNew();
      }
    }
    const right = { headers: { 'X-Checksum-Sha256': sha256('new') }, query: '?overwrite=true' };
    expect((await put(server, 'old.zip', 'new', right)).status).toBe(200);
  },
);
