// Loaded into a server before everything else: counts its file-system calls, and tells them by IPC.
import fsp from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const COUNTED = ['access', 'lstat', 'open', 'opendir', 'readdir', 'readFile', 'realpath', 'stat', 'statfs', 'writeFile'];

let counts = {};
for (const name of COUNTED) {
  const original = fsp[name];
  fsp[name] = (...parameters) => {
    counts[name] = (counts[name] ?? 0) + 1;
    return original(...parameters);
  };
}
syncBuiltinESMExports();

process.on('message', () => {
  process.send(counts);
  counts = {};
});
process.channel.unref();
