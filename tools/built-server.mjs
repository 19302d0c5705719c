// For scripts that need the product running: the build, as a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Starts it on a directory, on a free port of loopback; `{ url, stop }`. */
export async function startServer(directory, environment = {}) {
  const parameters = ['--max-semi-space-size=1', 'dist/apps/release-server/src/main.js'];
  const child = spawn(process.execPath, parameters, {
    env: {
      CONFIG_PATH: '/dev/null',
      STORAGE_PATH: directory,
      HOST: '127.0.0.1',
      PORT: '0',
      AUTH_TOKEN: 'token',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill();
    await exited;
  };
  return { url: await addressOf(child), stop };
}

/** Where it listens, once it does. */
function addressOf(child) {
  return new Promise((resolve, reject) => {
    let log = '';
    const look = (chunk) => {
      log += chunk;
      const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(log) ?? [];
      if (address === undefined) return;
      // What follows is let go, or the server would wait for who reads it.
      child.stdout.off('data', look).resume();
      resolve(address);
    };
    child.stdout.on('data', look);
    child.once('exit', () => reject(new Error(`the server ended: ${log}`)));
  });
}
