import { CompactSign, exportSPKI, FlattenedSign, importJWK, SignJWT, UnsecuredJWT } from 'jose';

import { CLAIMS, TestIssuer } from './test-issuer.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64url');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What is no token of an issuer: by what is wrong with it, how it is made of a good one. */
export const FORGERIES: readonly (readonly [
  what: string,
  make: (good: string, issuer: TestIssuer) => Promise<string> | string,
])[] = [
  ['without a signature', (good) => good.replace(/[^.]*$/, '')],
  ['whose signature is another', (good) => good.replace(/[^.]*$/, 'x'.repeat(342))],
  ['whose claims were changed', (good) => changed(good, { repository: 'acme/other' })],
  ['whose issuer was changed', (good) => changed(good, { iss: 'https://other.example' })],
  ['with a part too many', (good) => `${good}.x`],
  ['whose claims are no JSON', (good) => good.replace(/\.[^.]*\./, '.eyJ4.')],
  ['whose claims are a list', (good) => good.replace(/\.[^.]*\./, `.${base64('[]')}.`)],
  ['of the algorithm none', (_, issuer) => unsecured(issuer)],
  ['of the algorithm none with a signature', (good, issuer) => `${unsecured(issuer)}${good.slice(-40)}`],
  ['of HS256 by the public key', (_, issuer) => symmetric(issuer, 'HS256')],
  ['of HS512 by the public key', (_, issuer) => symmetric(issuer, 'HS512')],
  ['of another algorithm than its key', (_, issuer) => signedAs(issuer, 'RS384')],
  ['whose payload is not encoded', (_, issuer) => unencoded(issuer)],
  ['with a critical header that nobody knows', (_, issuer) => critical(issuer)],
  ['without a time at which it expires', (_, issuer) => issuer.token({ exp: undefined })],
  ['that expires at no time', (_, issuer) => issuer.token({ exp: 'never' })],
  ['of another issuer', () => stranger()],
  ["of another issuer under this one's name", (_, issuer) => stranger({ iss: issuer.url })],
  ['of the same issuer with a slash', (_, issuer) => issuer.token({ iss: `${issuer.url}/` })],
  ['of several issuers', (_, issuer) => issuer.token({ iss: [issuer.url] })],
  ['of a key that is not there', (_, issuer) => issuer.token({}, { kid: 'other' })],
  ['of more than 8 KiB', (_, issuer) => issuer.token({ padding: 'x'.repeat(8 * 1024) })],
];

function claimsOf(issuer: TestIssuer): Record<string, unknown> {
  return { ...CLAIMS, iss: issuer.url, exp: Math.floor(Date.now() / 1000) + 300 };
}

function changed(token: string, changes: Record<string, unknown>): string {
  const [head, payload = '', signature] = token.split('.');
  const all = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  return [head, base64(JSON.stringify({ ...all, ...changes })), signature].join('.');
}

function unsecured(issuer: TestIssuer): string {
  return new UnsecuredJWT(claimsOf(issuer)).encode();
}

/** Takes what everybody may know for the secret of a symmetric algorithm. */
async function symmetric(issuer: TestIssuer, alg: string): Promise<string> {
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...publicKey } = issuer.key;
  const pem = await exportSPKI((await importJWK(publicKey, 'RS256')) as CryptoKey);
  return new SignJWT(claimsOf(issuer)).setProtectedHeader(headerOf(issuer, alg)).sign(bytes(pem));
}

async function signedAs(issuer: TestIssuer, alg: string): Promise<string> {
  const { alg: _, ...key } = issuer.key;
  const token = new SignJWT(claimsOf(issuer)).setProtectedHeader(headerOf(issuer, alg));
  return token.sign(await importJWK(key, alg));
}

/** With its payload as it is: what stands there then looks as if it were encoded. */
async function unencoded(issuer: TestIssuer): Promise<string> {
  const payload = base64(JSON.stringify(claimsOf(issuer)));
  const { protected: head, signature } = await new FlattenedSign(bytes(payload))
    .setProtectedHeader({ ...headerOf(issuer, 'RS256'), b64: false, crit: ['b64'] })
    .sign(await importJWK(issuer.key, 'RS256'));
  return [head, payload, signature].join('.');
}

async function critical(issuer: TestIssuer): Promise<string> {
  return new CompactSign(bytes(JSON.stringify(claimsOf(issuer))))
    .setProtectedHeader({ ...headerOf(issuer, 'RS256'), crit: ['x'], x: 1 })
    .sign(await importJWK(issuer.key, 'RS256'), { crit: { x: true } });
}

function headerOf(issuer: TestIssuer, alg: string): { alg: string; kid: string } {
  return { alg, kid: String(issuer.key['kid']) };
}

async function stranger(claims?: Record<string, unknown>): Promise<string> {
  const issuer = await TestIssuer.start();
  const token = await issuer.token(claims);
  await issuer.stop();
  return token;
}
