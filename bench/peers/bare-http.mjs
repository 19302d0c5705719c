// What a program on node:http of the same design can do, without framework, names, permissions and an index: prepared
// bodies, small files in memory, large ones by two buffers in turn; uploads hashed on the way, synced, linked, and the
// directory synced. One line of pino's a request.
//   node bare-http.mjs FILE       of JSON: port, storage, prepared: { PATH: { headers, body } }, isHashed
import { createHash } from 'node:crypto';
import { close, fstat, fsync, link, open, read, unlink, writev } from 'node:fs';
import { readdirSync, readFileSync, statSync, mkdirSync, openSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';

import pino from 'pino';

const [closeFd, fstatFd, fsyncFd, linkFile, openFile, readFd, unlinkFile, writevFd] = [
  close,
  fstat,
  fsync,
  link,
  open,
  read,
  unlink,
  writev,
].map((call) => promisify(call));
const CACHED_BYTES = 256 * 1024;
const BUFFER_BYTES = 1024 * 1024;

const { port, storage, prepared = {}, isHashed = true } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const log = pino(pino.destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 200 }));
const incoming = join(storage, '.incoming');
mkdirSync(incoming, { recursive: true });
const directory = openSync(storage, 'r');
let uploads = 0;
let requests = 0;

const answers = new Map();
/** What is sent of it: all with the body, and without it what does not tell of the body (RFC 9110 §15.4.5). */
function answerOf(etag, headers, rest) {
  const ofKnown = Object.entries(headers).filter(
    ([name]) => !/^content-(type|length|disposition)$/i.test(name),
  );
  return { etag, headers: Object.entries(headers).flat(), headersOfKnown: ofKnown.flat(), ...rest };
}
for (const [path, { headers, body }] of Object.entries(prepared)) {
  answers.set(path, answerOf(headers.etag, headers, { body: Buffer.from(body, 'base64') }));
}
for (const name of readdirSync(storage)) {
  const { size, mtimeMs } = statSync(join(storage, name));
  const headers = {
    'Content-Type': 'application/octet-stream',
    'Content-Length': size,
    ETag: `"${size}-${mtimeMs}"`,
    'Last-Modified': new Date(mtimeMs).toUTCString(),
    'Accept-Ranges': 'bytes',
    'Content-Disposition': `attachment; filename="${name}"`,
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "sandbox; default-src 'none'",
  };
  const body = size <= CACHED_BYTES && name[0] !== '.' ? readFileSync(join(storage, name)) : undefined;
  answers.set(`/assets/${name}`, answerOf(headers.ETag, headers, { body, name }));
}

createServer({ noDelay: true, keepAliveTimeout: 60_000 }, (request, response) => {
  const began = performance.now();
  const id = ++requests;
  response.on('finish', () => {
    log.info(
      {
        request_id: `bare-${id}`,
        method: request.method,
        path: request.url,
        status: response.statusCode,
        duration_ms: performance.now() - began,
      },
      'request completed',
    );
  });
  if (request.method === 'PUT')
    void take(request, response).catch((error) => response.writeHead(500).end(String(error)));
  else answer(request, response);
}).listen(port, '127.0.0.1');

function answer(request, response) {
  const found = answers.get(request.url);
  if (found === undefined) return response.writeHead(404).end();
  if (request.headers['if-none-match'] === found.etag)
    return response.writeHead(304, found.headersOfKnown).end();
  response.writeHead(200, found.headers);
  if (found.body !== undefined) return response.end(found.body);
  return void send(join(storage, found.name), response).catch(() => response.destroy());
}

const pool = [];

async function send(path, response) {
  const fd = await openFile(path, 'r');
  const buffers = pool.pop() ?? [Buffer.allocUnsafeSlow(BUFFER_BYTES), Buffer.allocUnsafeSlow(BUFFER_BYTES)];
  const { size } = await fstatFd(fd);
  let sent = Promise.resolve();
  for (let at = 0, turn = 0; at < size; turn = 1 - turn) {
    const { bytesRead } = await readFd(fd, buffers[turn], 0, BUFFER_BYTES, at);
    await sent;
    sent = new Promise((resolve, reject) =>
      response.write(buffers[turn].subarray(0, bytesRead), (error) => (error ? reject(error) : resolve())),
    );
    at += bytesRead;
  }
  await sent;
  pool.push(buffers);
  response.end();
  await closeFd(fd);
}

async function take(request, response) {
  const name = request.url.slice('/assets/'.length);
  const staged = join(incoming, String(++uploads));
  const fd = await openFile(staged, 'wx');
  const hash = isHashed ? createHash('sha256') : undefined;
  let gathered = [];
  let length = 0;
  let written = Promise.resolve();
  for await (const chunk of request) {
    hash?.update(chunk);
    gathered.push(chunk);
    length += chunk.length;
    if (length < BUFFER_BYTES) continue;
    await written;
    written = writevFd(fd, gathered);
    [gathered, length] = [[], 0];
  }
  await written;
  if (length > 0) await writevFd(fd, gathered);
  await fsyncFd(fd);
  await closeFd(fd);
  await linkFile(staged, join(storage, name));
  await unlinkFile(staged);
  await fsyncFd(directory);
  const body = JSON.stringify({ name, sha256: hash?.digest('hex') });
  response.writeHead(201, { 'Content-Length': body.length, 'Content-Type': 'application/json' }).end(body);
}
