import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from '../../support/until.js';

/** An nginx in front of a server on loopback, which sends requests on as they come or when it has them whole. */
export interface Nginx {
  readonly buffering: number;
  readonly streaming: number;
  stop(): Promise<void>;
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

export async function startNginx(upstream: number): Promise<Nginx> {
  const [buffering, streaming] = [await freePort(), await freePort()];
  const location = `
      proxy_pass http://127.0.0.1:${upstream};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Host pkg.example;
      proxy_set_header X-Forwarded-Prefix /releases;`;
  const servers = `
      client_max_body_size 0;
      server { listen 127.0.0.1:${buffering}; location / { ${location} } }
      server { listen 127.0.0.1:${streaming}; location / { proxy_request_buffering off; ${location} } }`;
  const stop = await runNginx(servers, `http://127.0.0.1:${streaming}/healthz`);
  return { buffering, streaming, stop };
}

/** Runs nginx with these servers until the function is called that is returned; waits until the address answers. */
export async function runNginx(servers: string, ready: string): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'nginx-'));
  const configuration = `
    daemon off;
    master_process off;
    pid ${directory}/pid;
    events {}
    http {
      access_log off;
      ${TEMPORARY.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}
      ${servers}
    }`;
  const file = join(directory, 'nginx.conf');
  const log = join(directory, 'error.log');
  await writeFile(file, configuration);
  const child = spawn('nginx', ['-p', directory, '-c', file, '-e', log], {
    env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    await rm(directory, { recursive: true });
  };
  try {
    await until(async () => (await fetch(ready).catch(() => undefined))?.ok === true);
  } catch (error) {
    const reason = await readFile(log, 'utf8').catch(() => '');
    await stop();
    throw new Error(`nginx did not start: ${reason}`, { cause: error });
  }
  return stop;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
