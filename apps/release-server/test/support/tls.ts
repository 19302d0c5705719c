import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectSecurely, getCACertificates, setDefaultCACertificates } from 'node:tls';

/** The tests speak HTTPS to the servers of `startServer`. */
export const OVER_TLS = process.env['TEST_TLS'] === '1';

/** What a server says of each connection that it can read requests from. */
export const ACCEPTED = OVER_TLS ? 'secureConnection' : 'connection';

/** A certificate of 127.0.0.1 and localhost, signed by itself, and its key. */
export interface PemFiles {
  readonly cert_file: string;
  readonly key_file: string;
}

/** Makes one in a directory, for as many days, over the one that has its name. */
export function makeCertificate(
  directory: string,
  { name = 'tls', days = 30, subject = 'test' } = {},
): PemFiles {
  const cert_file = join(directory, `${name}.crt`);
  const key_file = join(directory, `${name}.key`);
  const request = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const names = ['-subj', `/CN=${subject}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const files = ['-keyout', key_file, '-out', cert_file];
  execFileSync('openssl', [...request, ...names, ...files, '-days', String(days)], { stdio: 'pipe' });
  return { cert_file, key_file };
}

const shared = OVER_TLS ? makeShared() : undefined;

/** The part of the configuration by which a server speaks what the tests do. */
export function tlsConfig(): Record<string, unknown> {
  return shared === undefined ? {} : { tls: shared };
}

/** The same as variables of the environment. */
export function tlsEnvironment(files = shared): Record<string, string> {
  return files === undefined ? {} : { TLS_CERT_FILE: files.cert_file, TLS_KEY_FILE: files.key_file };
}

/** `fetch` and all else trust it from then on. */
function makeShared(): PemFiles {
  const directory = mkdtempSync(join(tmpdir(), 'release-server-tls-'));
  const files = makeCertificate(directory);
  trust(files);
  afterAll(() => rm(directory, { recursive: true, force: true }));
  return files;
}

/** Has this process trust a certificate. */
export function trust({ cert_file }: PemFiles): void {
  setDefaultCACertificates([...getCACertificates(), readFileSync(cert_file, 'utf8')]);
}

/** A connection to a server of the tests, on which HTTP can be spoken. */
export function connectTo(port: number, localAddress?: string): Socket {
  const options = { port, host: '127.0.0.1', localAddress };
  return OVER_TLS ? connectSecurely(options) : connect(options);
}

/** Leaves without a word, as far as that is to be had. */
export function reset(socket: Socket): void {
  if (OVER_TLS) socket.destroy();
  else socket.resetAndDestroy();
}
