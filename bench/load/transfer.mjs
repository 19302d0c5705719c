// Large and writing requests: so many in all over so many streams, from one buffer and into one, on raw sockets, so
// that the client costs as little as it can. Runs as a process of its own:
//   node transfer.mjs '{"url": …, "method": "GET", "streams": 1, "requests": 3, …}'
import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';

const BUFFER_BYTES = 1024 * 1024;
const BOUNDARY = 'bench-boundary';

const job = JSON.parse(process.argv[2]);
const { url, method, streams, requests, headers = {}, size = 0, form, synced } = job;
const { hostname, port, host, pathname, search } = new URL(url);
const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
const content = Buffer.alloc(BUFFER_BYTES, 'release-server ');
const latenciesMs = [];
let taken = 0;
let bytes = 0;

const start = performance.now();
await Promise.all(Array.from({ length: streams }, () => stream()));
const seconds = (performance.now() - start) / 1000;
latenciesMs.sort((a, b) => a - b);
const p99Ms = latenciesMs[Math.ceil(latenciesMs.length * 0.99) - 1];
process.stdout.write(JSON.stringify({ requests, seconds, bytes, p99Ms }));

/** One connection, until all requests are taken. */
async function stream() {
  const answers = answersOf();
  const socket = connect({ host: hostname, port, noDelay: true, onread: { buffer, callback: answers.read } });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.on('close', () => answers.fail(new Error('the connection ended')));
  socket.on('error', answers.fail);
  while (taken < requests) {
    const at = taken++;
    const began = performance.now();
    await Promise.all([send(socket, at), answers.next().then(requireSuccess)]);
    if (synced !== undefined) await sync(synced.replaceAll('NUMBER', String(at)));
    latenciesMs.push(performance.now() - began);
    bytes += size;
  }
  socket.destroy();
}

/** An answer that refuses arrives before the body is sent, which then nobody reads. */
function requireSuccess(status) {
  if (status < 200 || status > 299) throw new Error(`${method} ${url} answered ${status}`);
}

/** Head and body; `NUMBER` in the path stands for the number of the request. */
async function send(socket, at) {
  const path = `${pathname}${search}`.replaceAll('NUMBER', String(at));
  const opening = form
    ? `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${form.replaceAll('NUMBER', String(at))}"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n'
    : '';
  const closing = form ? `\r\n--${BOUNDARY}--\r\n` : '';
  const all = { Host: host, ...headers };
  if (method !== 'GET') all['Content-Length'] = opening.length + size + closing.length;
  if (form) all['Content-Type'] = `multipart/form-data; boundary=${BOUNDARY}`;
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${opening}`);
  if (method === 'GET' || size <= BUFFER_BYTES) {
    const body = method === 'GET' ? [] : [content.subarray(0, size), Buffer.from(closing)];
    socket.write(Buffer.concat([head, ...body]));
    return;
  }
  socket.write(head);
  for (let left = size; left > 0; left -= BUFFER_BYTES) {
    if (!socket.write(content.subarray(0, left))) {
      await new Promise((resolve) => socket.once('drain', resolve));
    }
  }
  socket.write(closing);
}

/** Reads answers with a Content-Length; `next()` is the status of the next one, when all of it is here. */
function answersOf() {
  let head = '';
  let status;
  let left = 0;
  let waiting;
  const read = (length) => {
    let rest = buffer.subarray(0, length);
    if (status === undefined) {
      head += rest.latin1Slice();
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return true;
      status = Number(head.slice(9, 12));
      left = status === 204 ? 0 : Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
      if (Number.isNaN(left)) waiting.reject(new Error(`an answer without length: ${head}`));
      rest = rest.subarray(rest.length - (head.length - end - 4));
      head = '';
    }
    left -= rest.length;
    if (method === 'GET') bytes += rest.length;
    if (left === 0) {
      waiting.resolve(status);
      status = undefined;
    }
    return true;
  };
  const next = () => {
    waiting = Promise.withResolvers();
    return waiting.promise;
  };
  return { read, next, fail: (error) => waiting?.reject(error) };
}

/** What a server left to the kernel: the file and its directory. */
async function sync(path) {
  for (const place of [path, dirname(path)]) {
    const file = await open(place);
    await file.sync();
    await file.close();
  }
}
