// Many small answers: one request asked for over and over, by wrk where it is on PATH, else by autocannon.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { hasCommand } from '../process.mjs';

const LUA = fileURLToPath(new URL('wrk.lua', import.meta.url));
export const SMALL_LOAD = (await hasCommand('wrk')) ? 'wrk' : 'autocannon';

/** `{ requests, seconds, bytes, p99Ms }`; fails when anything but 2xx and 3xx came back. What has a body is posted. */
export async function small(url, { connections = 16, seconds, headers = {}, body }) {
  const load = SMALL_LOAD === 'wrk' && body === undefined ? wrk : autocannon;
  const { refused, ...counted } = await load(url, { connections, seconds, headers, body });
  if (refused > 0 || counted.requests === 0)
    throw new Error(`${url}: ${refused} of ${counted.requests} failed`);
  return counted;
}

async function wrk(url, { connections, seconds, headers }) {
  const parameters = ['-t1', `-c${connections}`, `-d${seconds}s`, `-s${LUA}`];
  for (const [name, value] of Object.entries(headers)) parameters.push('-H', `${name}: ${value}`);
  const { stdout } = await promisify(execFile)('wrk', [...parameters, url]);
  return JSON.parse(stdout.slice(stdout.indexOf('{')));
}

async function autocannon(url, { connections, seconds, headers, body }) {
  const run = (await import('autocannon')).default;
  const method = body === undefined ? 'GET' : 'POST';
  const result = await run({ url, connections, duration: seconds, headers, method, body });
  return {
    requests: result.requests.total,
    seconds: result.duration,
    bytes: result.throughput.total,
    refused: result['4xx'] + result['5xx'] + result.errors,
    p99Ms: result.latency.p99,
  };
}
