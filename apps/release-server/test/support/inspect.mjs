// Loaded into a server before everything else: counts its file-system calls since it was last asked, and
// tells them, its open file handles and its memory (bytes, now and at most) by IPC.
import { readFileSync } from 'node:fs';
import fsp from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

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
  handles += 1;
  handle.once('close', () => (handles -= 1));
  return handle;
};
syncBuiltinESMExports();

/** Most bytes that were resident. Not the maximum of getrusage, which counts what the parent had when it forked. */
function peak() {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

process.on('message', () => {
  process.send({ calls, handles, memory: process.memoryUsage.rss(), peak: peak() });
  calls = {};
});
process.channel.unref();
