import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** The two files of `tls` in the configuration. */
export interface KeyPairFiles {
  readonly cert_file: string;
  readonly key_file: string;
}

/** What TLS is served with. */
export interface KeyPair {
  /** The certificate, and those of its issuers, as PEM. */
  readonly cert: string;
  /** As PEM. Never in a message. */
  readonly key: string;
  readonly names: string;
  readonly expires: Date;
}

/** Why a pair cannot be used, and what to do about it. Holds nothing of the key. */
export class KeyPairError extends Error {
  override readonly name = 'KeyPairError';
}

const ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/** Reads the pair and tries it out. Throws {@link KeyPairError}. */
export async function readKeyPair({ cert_file, key_file }: KeyPairFiles): Promise<KeyPair> {
  const cert = await textOf('cert_file', cert_file);
  const key = await textOf('key_file', key_file);
  const certificate = certificateIn(cert, cert_file);
  if (!certificate.checkPrivateKey(keyIn(key, key_file))) {
    throw new KeyPairError(
      `the key in key_file ${key_file} is not that of the certificate in cert_file ${cert_file}: give the two that were ` +
        'made together, and in cert_file the certificate of the server before those of its issuers',
    );
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const { message } = error as Error;
    throw new KeyPairError(`cert_file ${cert_file} and key_file ${key_file} cannot be used: ${message}`);
  }
  const { subjectAltName, subject, validToDate: expires } = certificate;
  const names = subjectAltName?.replace(/(?:DNS|IP Address):/g, '') ?? subject;
  return { cert, key, names, expires };
}

async function textOf(name: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const advice = code === 'EACCES' ? '; let the user that the server runs as read it' : '';
    throw new KeyPairError(`${name} ${path} cannot be read: ${message}${advice}`);
  }
}

function certificateIn(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new KeyPairError(
      `cert_file ${path} has no certificate that can be read: expected PEM, with -----BEGIN CERTIFICATE-----`,
    );
  }
}

function keyIn(pem: string, path: string): KeyObject {
  if (ENCRYPTED.test(pem)) {
    throw new KeyPairError(
      `key_file ${path} is encrypted, and the server asks for no passphrase: give it without one, as ` +
        '"openssl pkey -in FILE -out NEW" makes it, in a file that only the server can read',
    );
  }
  try {
    return createPrivateKey(pem);
  } catch {
    throw new KeyPairError(
      `key_file ${path} has no private key that can be read: expected PEM, with -----BEGIN PRIVATE KEY-----`,
    );
  }
}
