import { readdir } from 'node:fs/promises';

import { names } from '../support/client.js';
import { row } from './support/row.js';
import { ask, askAsWriter, fieldsOf, type Message } from './support/wire.js';

const BODY = 'x'.repeat(1000);
const FORM = 'Content-Type: multipart/form-data; boundary=x';

function raw(...headers: string[]): Message {
  return { headers, body: BODY };
}

/** A form whose file has these headers beside its disposition. */
function form(headers: readonly string[], ...partHeaders: string[]): Message {
  const head = ['Content-Disposition: form-data; name="file"; filename="a.zip"', ...partHeaders].join('\r\n');
  return { headers: [FORM, ...headers], body: `--x\r\n${head}\r\n\r\n${BODY}\r\n--x--\r\n` };
}

const PUT = 'PUT /assets/a.zip';
const POST = 'POST /upload';
/** Bodies that are not the package that they would be stored as, with the status that each gets. */
const ALTERED: readonly [string, number, string, Message][] = [
  ['a part of a package', 400, PUT, raw('Content-Range: bytes 1000-1999/2000')],
  ['the beginning of a package', 400, PUT, raw('Content-Range: bytes 0-999/2000')],
  ['a part of unknown length', 400, PUT, raw('Content-Range: bytes 0-999/*')],
  ['a range of no sense', 400, PUT, raw('Content-Range: lines 0-999/1000')],
  ['a part of a form', 400, POST, form(['Content-Range: bytes 0-999/2000'])],
  ['a resumable upload', 400, PUT, raw('Upload-Complete: ?0')],
  ['a coding', 415, PUT, raw('Content-Encoding: gzip')],
  ['a coding behind identity', 415, PUT, raw('Content-Encoding: identity', 'Content-Encoding: aws-chunked')],
  ['a coding of a form', 415, POST, form(['Content-Encoding: gzip'])],
  ['a coding of a file in a form', 415, POST, form([], 'Content-Encoding: gzip')],
  ['a form', 415, PUT, form([])],
  ['a form by its second type', 415, PUT, raw('Content-Type: a/b', FORM)],
  ['a form of a browser', 415, PUT, raw('Content-Type: application/x-www-form-urlencoded')],
  ['parts of a range', 415, PUT, raw('Content-Type: multipart/byteranges; boundary=x')],
  ['a file in Base64', 400, POST, form([], 'content-transfer-encoding: BASE64')],
  ['a file in quoted-printable', 400, POST, form([], 'Content-Transfer-Encoding: quoted-printable')],
  ['a form in a form', 400, POST, form([], 'Content-Type: multipart/mixed; boundary=y')],
  ['a part in a form', 400, POST, form([], 'Content-Range: bytes 0-999/2000')],
];

row(
  'X11',
  'uploads whose body is not the package: parts, content codings, forms in a PUT, parts in Base64',
  { rounds: { usual: 2, long: 100, of: 'rounds' } },
  async ({ server: start, rounds, directory }) => {
    const server = await start();
    for (let round = 0; round < rounds; round++) {
      for (const [what, status, target, message] of ALTERED) {
        const answer = await askAsWriter(server, target, message);
        expect(`${what}: ${answer.status}`).toBe(`${what}: ${status}`);
        const accepts = fieldsOf(answer)['accept-encoding'];
        expect(`${what}: ${accepts}`).toBe(
          `${what}: ${what.startsWith('a coding') ? 'identity' : 'undefined'}`,
        );
        expect((await ask(server, target, message)).status).toBe(401);
      }
      expect(await names(server)).toEqual([]);
      expect((await readdir(directory)).filter((name) => !name.startsWith('.'))).toEqual([]);
    }
    // What says the same of the whole is stored.
    const whole = raw('Content-Range: bytes 0-999/1000', 'Content-Encoding: identity');
    expect((await askAsWriter(server, PUT, whole)).status).toBe(201);
    const binary = form([], 'Content-Transfer-Encoding: binary');
    expect((await askAsWriter(server, `${POST}?overwrite=true`, binary)).status).toBe(200);
  },
);
