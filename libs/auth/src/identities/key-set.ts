import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** Bytes of a key set, and of a discovery document. */
export const MOST_BYTES = 256 * 1024;

const PUBLIC_KEYS = new Set(['RSA', 'EC', 'OKP']);

/** Where the keys of an issuer come from. */
export interface KeySource {
  /** Makes sure that there are keys where they have to be there at the start. Rejects with `AuthError`. */
  load(): Promise<void>;
  /**
   * The public key by which a token is to be verified. Rejects with `JWKSNoMatchingKey` where the issuer has none of that
   * id for that algorithm, and with an `AuthError`, `token_unavailable`, where that cannot be told.
   */
  readonly keyOf: JWTVerifyGetKey;
}

/** Reads a JSON Web Key Set (RFC 7517 §5). Throws for what is none. */
export function keySetOf(json: unknown): JWTVerifyGetKey {
  const set = createLocalJWKSet(json as JSONWebKeySet);
  if (set.jwks().keys.some(({ kty }) => PUBLIC_KEYS.has(kty ?? ''))) return set;
  throw new Error('no public key is in the JSON Web Key Set');
}
