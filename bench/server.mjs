// The built server of a checkout, started by its own `start:prod`, so with the settings that it ships with.
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';

import { freePort, run } from './process.mjs';

export const TOKEN = 'bench';
const PROBE = fileURLToPath(new URL('loop-delay.mjs', import.meta.url));

/** `environment` are configuration keys that a figure needs; without one it is the configuration that ships. */
export async function startServer(checkout, storage, environment = {}) {
  const { scripts } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await mkdir(storage, { recursive: true });
  const program = await run(['sh', '-c', scripts['start:prod']], {
    log: `${storage}.log`,
    cwd: checkout,
    env: {
      ...nodeWithProbe(checkout),
      CONFIG_PATH: '/dev/null',
      HOST: '127.0.0.1',
      PORT: String(port),
      STORAGE_PATH: storage,
      AUTH_TOKEN: TOKEN,
      ...environment,
    },
    ipc: true,
  });
  await program.ready(port, `${url}/readyz`);
  await digestsKnown(url);
  return { ...program, url, storage, loopDelay: () => loopDelay(program.child) };
}

/** Puts the checkout's own Node first, with a probe of its event loop. */
export function nodeWithProbe(checkout) {
  return {
    PATH: `${join(checkout, 'node_modules/.bin')}:${process.env.PATH}`,
    NODE_OPTIONS: `--import=${PROBE}`,
  };
}

/** How late the event loop of a program with the probe was since the last time this was asked. */
export async function loopDelay(child) {
  const answer = once(child, 'message');
  child.send('');
  const [delays] = await answer;
  return delays;
}

/** Files that it did not publish are hashed in the background, and each changes the list. */
export async function digestsKnown(url) {
  for (;;) {
    const list = await fetch(`${url}/packages?format=json`);
    if (!(await list.text()).includes('"sha256":null')) return;
    await delay(200);
  }
}
