import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { makeDirectory, spawnServer, type ServerProcess } from '../../support/process.js';
import { AUTH, TOKEN } from '../../support/server.js';
import { startFront, type Exchange, type Front } from './front.js';

/** The repository that clients name: any would do. */
export const REPOSITORY = 'acme/tool';

/** Settings of a site where reads ask for a token: that of `READER`, which may do nothing else, or `TOKEN`. */
export const PRIVATE = {
  READ_ACCESS: 'token',
  TOKENS_FILE: resolve('apps/release-server/test/clients/support/tokens.yaml'),
};

/** The token in `tokens.yaml`. */
export const READER = 'may-read-and-nothing-else';

/** The built server, empty and behind a reverse proxy, before each test, and a directory to work in. */
export interface Site {
  /** Scheme and authority by which clients reach it. */
  readonly url: string;
  /** `url` without the scheme. */
  readonly host: string;
  readonly directory: string;
  /** The certificate of the proxy, as a file. */
  readonly certificate: string;
  /** `PATH` apart, all that a client needs of the environment. */
  readonly environment: Record<string, string>;
  readonly server: ServerProcess;
  /** What clients asked so far. */
  readonly exchanges: readonly Exchange[];
  /** Writes a file of the work directory, with its folders. */
  write(file: string, content: string): Promise<string>;
  /** Has clients that look into `~/.netrc` send this token as a password. */
  netrc(token: string): Promise<void>;
  read(file: string): Promise<string>;
  bytes(file: string): Promise<Buffer<ArrayBuffer>>;
  /** What everybody sees of it: files by the tags of public releases. */
  releases(): Promise<Record<string, string[]>>;
}

/**
 * @param scheme - `https` for clients that speak nothing else.
 * @param settings - Of the server, beside what every site has, as environment variables.
 */
export function useSite(
  scheme: 'http' | 'https' = 'http',
  settings: Readonly<Record<string, string>> = {},
): Site {
  let storage: { path: string; remove(): Promise<void> };
  let work: { path: string; remove(): Promise<void> };
  let server: ServerProcess;
  let front: Front;

  beforeEach(async () => {
    storage = await makeDirectory();
    work = await makeDirectory();
    server = await spawnServer(storage.path, { TRUST_PROXY: 'loopback', REPOSITORY, ...settings });
    const tls = scheme === 'https' ? await makeCertificate(work.path) : undefined;
    front = await startFront(server.url, tls);
  });

  afterEach(async () => {
    await record(front.exchanges);
    await front.stop();
    await server.stop();
    await storage.remove();
    await work.remove();
  });

  return {
    get url() {
      return `${scheme}://${this.host}`;
    },
    get host() {
      return `localhost:${front.port}`;
    },
    get directory() {
      return work.path;
    },
    get certificate() {
      return join(work.path, 'tls', 'cert.pem');
    },
    get environment() {
      return { HOME: work.path, TOKEN };
    },
    get server() {
      return server;
    },
    get exchanges() {
      return front.exchanges;
    },
    async write(file, content) {
      const path = join(work.path, file);
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, content);
      return path;
    },
    async netrc(token) {
      await chmod(await this.write('.netrc', `machine localhost login x password ${token}\n`), 0o600);
    },
    read: (file) => readFile(join(work.path, file), 'utf8'),
    bytes: (file) => readFile(join(work.path, file)),
    async releases() {
      const answer = await fetch(`${server.url}/repos/${REPOSITORY}/releases`);
      const releases = (await answer.json()) as { tag_name: string; assets: { name: string }[] }[];
      return Object.fromEntries(
        releases.map(({ tag_name: tag, assets }) => [tag, assets.map(({ name }) => name).toSorted()]),
      );
    },
  };
}

/** Lays packages into a release, with the server's own routes. */
export async function publish(
  site: Site,
  tag: string,
  files: Record<string, string | Buffer<ArrayBuffer>>,
): Promise<void> {
  for (const [name, body] of Object.entries(files)) {
    const url = `${site.server.url}/releases/${encodeURIComponent(tag)}/assets/${encodeURIComponent(name)}`;
    const answer = await fetch(url, { method: 'PUT', headers: AUTH, body });
    if (!answer.ok) throw new Error(await answer.text());
  }
}

async function makeCertificate(directory: string): Promise<{ key: string; cert: string }> {
  const place = join(directory, 'tls');
  await mkdir(place);
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  const parameters = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  const options = { cwd: place };
  await promisify(execFile)(
    'openssl',
    [...parameters, '-subj', '/CN=localhost', '-addext', names, '-keyout', 'key.pem', '-out', 'cert.pem'],
    options,
  );
  const [key, cert] = await Promise.all(
    ['key.pem', 'cert.pem'].map((file) => readFile(join(place, file), 'utf8')),
  );
  return { key: key ?? '', cert: cert ?? '' };
}

/** Appends the conversation of each test to the file that `CLIENTS_RECORD` names. */
async function record(exchanges: readonly Exchange[]): Promise<void> {
  const file = process.env['CLIENTS_RECORD'];
  if (file === undefined) return;
  const { currentTestName } = expect.getState();
  const lines = exchanges.map((exchange) => JSON.stringify(exchange));
  await writeFile(file, `# ${currentTestName}\n${lines.join('\n')}\n`, { flag: 'a' });
}
