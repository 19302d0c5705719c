// Large and writing requests, from a process of its own.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CLIENT = fileURLToPath(new URL('transfer.mjs', import.meta.url));

/** Does what transfer.mjs says; `{ requests, seconds, bytes, p99Ms }`. */
export async function transfers(job) {
  const { stdout } = await promisify(execFile)(process.execPath, [CLIENT, JSON.stringify(job)]);
  return JSON.parse(stdout);
}
