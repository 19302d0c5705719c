// Loaded into a server before everything else: counts what it does since it was last asked, and tells it by IPC.
// Operations on files are counted where the product calls them; of Node's own it sees none, as of timers.
import crypto from 'node:crypto';
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';

const STDOUT = 1;
/** Those of node:fs that make no system call, or are no operation of their own. */
const UNCOUNTED =
  /^(_|[A-Z]|createReadStream|createWriteStream|openAsBlob|unwatchFile|watchFile|promises|constants)/;

let counts = zeros();
let before = memory();

function zeros() {
  return { socketWrites: 0, files: 0, syncs: 0, logWrites: 0, timers: 0, hashes: 0, randoms: 0 };
}

/** Bytes of the heap and of buffers. Exact only as long as nothing is collected. */
function memory() {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Has calls of `object[name]` counted as what `kindOf` says of their parameters. */
function count(object, name, kindOf) {
  const original = object[name];
  if (typeof original !== 'function') return;
  const counted = function counted(...parameters) {
    counts[kindOf(parameters, this)] += 1;
    return Reflect.apply(original, this, parameters);
  };
  // What promisify looks for.
  for (const key of Reflect.ownKeys(original)) {
    if (typeof key === 'symbol') counted[key] = original[key];
  }
  object[name] = counted;
}

for (const name of Object.keys(fs)) {
  if (UNCOUNTED.test(name)) continue;
  const kind = /^f(data)?sync/.test(name) ? 'syncs' : 'files';
  count(fs, name, ([fd]) => (/^write(v|Sync|vSync)?$/.test(name) && fd === STDOUT ? 'logWrites' : kind));
}
for (const name of Object.keys(fsp)) {
  if (!UNCOUNTED.test(name)) count(fsp, name, () => 'files');
}
const handle = await fsp.open('/dev/null');
const FileHandle = Object.getPrototypeOf(handle);
await handle.close();
for (const name of [
  'read',
  'readv',
  'write',
  'writev',
  'stat',
  'truncate',
  'utimes',
  'close',
  'readFile',
  'writeFile',
  'appendFile',
]) {
  count(FileHandle, name, () => 'files');
}
for (const name of ['sync', 'datasync']) count(FileHandle, name, () => 'syncs');

count(Socket.prototype, '_writeGeneric', (_, socket) =>
  socket === process.stdout ? 'logWrites' : 'socketWrites',
);
for (const name of ['setTimeout', 'setInterval']) {
  count(timersPromises, name, () => 'timers');
  count(timers, name, () => 'timers');
  globalThis[name] = timers[name];
}
for (const name of ['createHash', 'createHmac', 'hash']) count(crypto, name, () => 'hashes');
for (const name of ['randomUUID', 'randomBytes', 'randomFillSync']) count(crypto, name, () => 'randoms');
syncBuiltinESMExports();

process.on('message', () => {
  process.send({ ...counts, bytes: memory() - before });
  globalThis.gc();
  counts = zeros();
  before = memory();
});
process.channel.unref();
