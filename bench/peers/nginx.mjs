// A configuration of nginx for the same work, as its administrator would write it: sendfile, a buffered access log.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The command that serves `storage` below /assets/, and prepared bodies; its files are in `directory`. */
export async function nginx({ port, directory, storage, prepared }) {
  await mkdir(directory, { recursive: true });
  const locations = Object.entries(prepared).map(async ([path, { headers, body }], at) => {
    const file = join(directory, `prepared-${at}`);
    await writeFile(file, Buffer.from(body, 'base64'));
    return `location = ${path} { alias ${file}; default_type "${headers['content-type']}"; }`;
  });
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = `
    ${process.getuid() === 0 ? 'user root;' : ''}
    daemon off;
    worker_processes 2;
    pid ${directory}/pid;
    error_log ${directory}/error.log;
    events { worker_connections 1024; }
    http {
      access_log ${directory}/access.log combined buffer=64k flush=1s;
      sendfile on;
      tcp_nopush on;
      keepalive_requests 100000000;
      client_max_body_size 0;
      default_type application/octet-stream;
      ${places.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}
      server {
        listen 127.0.0.1:${port};
        location = /readyz { return 200; }
        location /assets/ { alias ${storage}/; dav_methods PUT; }
        ${(await Promise.all(locations)).join('\n')}
      }
    }`;
  await writeFile(join(directory, 'nginx.conf'), config);
  return ['nginx', '-p', directory, '-e', join(directory, 'error.log'), '-c', join(directory, 'nginx.conf')];
}
