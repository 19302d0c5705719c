// What else can do a part of the work: programs of our own that show the limit, and servers found on this machine.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { nginx } from './peers/nginx.mjs';
import { verdaccio } from './peers/verdaccio.mjs';
import { freePort, hasCommand, run } from './process.mjs';
import { loopDelay, nodeWithProbe } from './server.mjs';

const BARE_HTTP = fileURLToPath(new URL('peers/bare-http.mjs', import.meta.url));

/** What it answers is too long for a command. */
const bareHttp = (options) => async (place) => {
  const file = join(place.directory, 'options.json');
  await writeFile(file, JSON.stringify({ ...options, ...place }));
  return [process.execPath, BARE_HTTP, file];
};

/**
 * One line a peer: its command on PATH if it needs one, what it serves (`latest`: prepared bodies, `asset`: files, `put`:
 * raw uploads), how it starts, and below which path it has the files of
 * `storage`.
 */
const PEERS = [
  { name: 'nginx', command: 'nginx', serves: ['latest', 'asset', 'put'], start: nginx },
  // Hashes nothing; the client syncs the file and its directory, as part of the upload.
  { name: 'nginx, then fsync', command: 'nginx', serves: ['put'], start: nginx, isSynced: true },
  {
    name: 'bare node:http',
    serves: ['latest', 'asset', 'put', 'publish'],
    isNode: true,
    start: bareHttp({}),
  },
  { name: 'bare node:http, no hash', serves: ['put'], isNode: true, start: bareHttp({ isHashed: false }) },
  {
    name: 'Caddy',
    command: 'caddy',
    serves: ['asset'],
    assets: '/',
    start: ({ port, storage }) => [
      'caddy',
      'file-server',
      '--root',
      storage,
      '--listen',
      `127.0.0.1:${port}`,
    ],
  },
  {
    name: 'dufs',
    command: 'dufs',
    serves: ['asset', 'put'],
    assets: '/',
    start: ({ port, storage }) => ['dufs', '-A', '-b', '127.0.0.1', '-p', port, storage],
  },
  {
    name: 'miniserve',
    command: 'miniserve',
    serves: ['asset'],
    assets: '/',
    start: ({ port, storage }) => ['miniserve', '-i', '127.0.0.1', '-p', port, storage],
  },
  {
    name: 'ChartMuseum',
    command: 'chartmuseum',
    serves: ['asset'],
    assets: '/charts/',
    start: ({ port, storage }) => [
      'chartmuseum',
      '--storage=local',
      `--storage-local-rootdir=${storage}`,
      '--listen-host=127.0.0.1',
      `--port=${port}`,
    ],
  },
  {
    name: 'pypiserver',
    command: 'pypi-server',
    serves: ['asset'],
    assets: '/packages/',
    start: ({ port, storage }) => ['pypi-server', 'run', '-i', '127.0.0.1', '-p', port, storage],
  },
  { name: 'Verdaccio', command: 'verdaccio', serves: ['asset'], assets: '/bench/-/', start: verdaccio },
];

/** The peers here that serve this: `start(directory, { seed, prepared })` runs one on storage of its own. */
export async function peersFor(kind) {
  const peers = [];
  for (const peer of PEERS) {
    if (!peer.serves.includes(kind)) continue;
    if (peer.command !== undefined && !(await hasCommand(peer.command))) continue;
    peers.push({ name: peer.name, start: (directory, options) => startPeer(peer, directory, options) });
  }
  return peers;
}

async function startPeer(peer, directory, { seed, prepared = {} }) {
  const { name, start, isNode = false, isSynced = false, assets = '/assets/' } = peer;
  const storage = join(directory, 'storage');
  await seed(storage);
  const port = await freePort();
  const words = await start({ port: String(port), directory, storage, prepared });
  const program = await run(words, {
    log: join(directory, 'log'),
    env: isNode ? nodeWithProbe('.') : {},
    ipc: isNode,
  });
  await program.ready(port);
  const url = `http://127.0.0.1:${port}`;
  const delay = isNode ? () => loopDelay(program.child) : undefined;
  return { ...program, name, url, storage, assets, isSynced, loopDelay: delay };
}
