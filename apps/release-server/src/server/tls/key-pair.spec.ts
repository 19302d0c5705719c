import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeCertificate, type PemFiles } from '../../../test/support/tls.js';
import { readKeyPair } from './key-pair.js';

describe('a certificate and its key', () => {
  let directory: string;
  let good: PemFiles;

  const path = (name: string): string => join(directory, name);
  const openssl = (...parameters: string[]): void => {
    execFileSync('openssl', parameters, { stdio: 'pipe' });
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'key-pair-'));
    good = makeCertificate(directory);
    const { key_file: other } = makeCertificate(directory, { name: 'other' });
    openssl('pkey', '-in', other, '-aes256', '-passout', 'pass:abcd', '-out', path('encrypted.key'));
    openssl('genrsa', '-traditional', '-aes128', '-passout', 'pass:abcd', '-out', path('old.key'), '2048');
    openssl('x509', '-in', good.cert_file, '-outform', 'der', '-out', path('der.crt'));
    const short = ['-keyout', path('short.key'), '-out', path('short.crt'), '-subj', '/CN=short'];
    openssl('req', '-x509', '-nodes', '-newkey', 'rsa:512', ...short);
    await writeFile(path('empty'), '');
    const [mine, issuer] = [good.cert_file, path('other.crt')].map((file) => readFile(file, 'utf8'));
    await writeFile(path('chain.crt'), `${await mine}${await issuer}`);
    await writeFile(path('wrong-way.crt'), `${await issuer}${await mine}`);
  });

  afterAll(() => rm(directory, { recursive: true }));

  it('are taken with the certificates of issuers, and their names and end are known', async () => {
    const { names, expires } = await readKeyPair({ ...good, cert_file: path('chain.crt') });
    expect(names).toBe('localhost, 127.0.0.1');
    const days = (expires.getTime() - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThan(30.1);
  });

  it.each([
    ['a certificate that is not there', 'none', 'tls.key', /^cert_file \S+none cannot be read: ENOENT/],
    ['a key that is not there', 'tls.crt', 'none', /^key_file \S+none cannot be read: ENOENT/],
    ['a directory', 'tls.crt', '.', /^key_file \S+ cannot be read: EISDIR/],
    ['a certificate that is empty', 'empty', 'tls.key', /^cert_file \S+ has no certificate.*expected PEM/],
    ['a key that is empty', 'tls.crt', 'empty', /^key_file \S+ has no private key.*expected PEM/],
    [
      'a certificate as DER',
      'der.crt',
      'tls.key',
      /^cert_file \S+ has no certificate.*expected PEM|PEM routines/,
    ],
    ['files that were swapped', 'tls.key', 'tls.crt', /^cert_file \S+ has no certificate/],
    ['an encrypted key', 'tls.crt', 'encrypted.key', /encrypted, and .* "openssl pkey -in FILE -out NEW"/],
    ['a key that is encrypted in the old way', 'tls.crt', 'old.key', /^key_file \S+ is encrypted/],
    ['the key of another', 'tls.crt', 'other.key', /other\.key is not that of the certificate in cert_file/],
    ['the issuer in front', 'wrong-way.crt', 'tls.key', /the certificate of the server before those of its/],
    ['a key that is too short', 'short.crt', 'short.key', /cannot be used: .*key too small/],
  ])('are refused with what to do: %s', async (_, cert, key, message) => {
    const files = { cert_file: path(cert), key_file: path(key) };
    await expect(readKeyPair(files)).rejects.toMatchObject({
      name: 'KeyPairError',
      message: expect.stringMatching(message) as string,
    });
  });
});
