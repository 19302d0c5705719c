// Loaded into a server before everything else: counts its file-system calls since it was last asked, and
// tells them, its open file handles, its memory (bytes, now and at most), its processor time and the libraries that it has loaded by IPC;
// or, asked for what is live, what a collection leaves.
import { readFileSync } from 'node:fs';
import fsp from 'node:fs/promises';
import { ServerResponse } from 'node:http';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import { queryObjects } from 'node:v8';

const COUNTED = [
  'access',
  'lstat',
  'open',
  'opendir',
  'readdir',
  'readFile',
  'realpath',
  'stat',
  'statfs',
  'writeFile',
];

let calls = {};
for (const name of COUNTED) {
  const original = fsp[name];
  fsp[name] = (...parameters) => {
    calls[name] = (calls[name] ?? 0) + 1;
    return original(...parameters);
  };
}

let handles = 0;
const { open } = fsp;
fsp.open = async (...parameters) => {
  const handle = await open(...parameters);
  // The log of digests stays open from the first on.
  if (String(parameters[0]).includes('.digests')) return handle;
  handles += 1;
  handle.once('close', () => (handles -= 1));
  return handle;
};
syncBuiltinESMExports();

const libraries = new Set();
registerHooks({
  load: (url, context, next) => {
    const library = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
    if (library !== undefined) libraries.add(library);
    return next(url, context);
  },
});

/** Most bytes that were resident. Not the maximum of getrusage, which counts what the parent had when it forked. */
function peak() {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

/** Microseconds of processor time since the start. */
function cpu() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** What something still refers to: responses, and bytes of the heap and of buffers. */
function live() {
  // Collects first.
  const responses = queryObjects(ServerResponse);
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { responses, bytes: heapUsed + arrayBuffers };
}

process.on('message', (question) => {
  if (question === 'live') {
    process.send(live());
    return;
  }
  process.send({
    calls,
    handles,
    memory: process.memoryUsage.rss(),
    cpu: cpu(),
    peak: peak(),
    libraries: [...libraries],
  });
  calls = {};
});
process.channel.unref();
