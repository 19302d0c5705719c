import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { decodeJwt, errors, jwtVerify, type JWTPayload } from 'jose';

import { AuthError } from '../auth.errors.js';
import { AUTH_OPTIONS, type AuthOptions } from '../auth.options.js';
import { TokenVerifier, type Principal } from '../token-verifier.js';
import { auditedClaims, fitsClaims } from './claims.js';
import { FetchedKeys } from './fetched-keys.js';
import type { Identity } from './identity.js';
import { KeyFile } from './key-file.js';
import type { KeySource } from './key-set.js';

/** Characters of a token that is looked at. */
const MOST_CHARACTERS = 8 * 1024;
/** Three parts in base64url (RFC 7515 §7.1), of which the first is a JSON object. */
const FORM = /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/;
/** Signatures by a key that only the issuer has. */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
/** Seconds by which the clocks of issuers and of this machine may differ. */
const SKEW = 60;

interface Trusted {
  readonly identity: Identity;
  readonly keys: KeySource;
}

/**
 * Knows programs by tokens that their issuer has signed (OpenID Connect Core 1.0 §2), such as jobs in CI. Who has a genuine
 * token that fits no identity is told why; what anybody could have made is a token of nobody.
 */
@Injectable()
export class IdentityVerifier extends TokenVerifier implements OnModuleInit {
  /** By issuer, in the order of the configuration. */
  private readonly trusted: ReadonlyMap<string, readonly Trusted[]>;
  private readonly sources = new Map<string, KeySource>();

  constructor(@Inject(AUTH_OPTIONS) { identities = [] }: AuthOptions) {
    super();
    this.trusted = Map.groupBy(
      identities.map((identity) => ({ identity, keys: this.sourceOf(identity) })),
      ({ identity }) => identity.issuer,
    );
  }

  /** Fails the start when a key file cannot be used. */
  async onModuleInit(): Promise<void> {
    for (const source of this.sources.values()) await source.load();
  }

  async verify(token: string): Promise<Principal | undefined> {
    if (!isJwt(token)) return undefined;
    const verified = new Map<KeySource, Promise<JWTPayload | undefined>>();
    let refusal: AuthError | undefined;
    for (const { identity, keys } of this.trusted.get(issuerOf(token) ?? '') ?? []) {
      const signed = verified.get(keys) ?? verify(token, identity.issuer, keys);
      verified.set(keys, signed);
      try {
        const payload = await signed;
        if (payload === undefined) continue;
        requireFit(payload, identity);
        return principalOf(identity, payload);
      } catch (error) {
        if (!(error instanceof AuthError)) throw error;
        // What cannot be told outranks what is told: the keys that cannot be had might have let it in.
        if (refusal?.code !== 'token_unavailable') refusal = error;
      }
    }
    if (refusal !== undefined) throw refusal;
    return undefined;
  }

  /** Identities that trust the same keys share them. */
  private sourceOf({ issuer, jwksUri, jwksFile }: Identity): KeySource {
    const key = JSON.stringify([issuer, jwksUri, jwksFile]);
    const source =
      this.sources.get(key) ??
      (jwksFile === undefined ? new FetchedKeys(issuer, jwksUri) : new KeyFile(jwksFile));
    this.sources.set(key, source);
    return source;
  }
}

/** Whether a token looks like one of an identity, and is not too long to be looked at. */
function isJwt(token: string): boolean {
  return token.length <= MOST_CHARACTERS && FORM.test(token);
}

/** Who it says that it is of; nothing of it is verified yet. */
function issuerOf(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' ? iss : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/**
 * What the issuer says, undefined where it is not the issuer who says it. Rejects with `AuthError`: `unauthorized` outside
 * of the time for which it holds, `token_unavailable` where the keys cannot be had.
 */
async function verify(token: string, issuer: string, keys: KeySource): Promise<JWTPayload | undefined> {
  try {
    const options = { issuer, algorithms: ALGORITHMS, clockTolerance: SKEW, requiredClaims: ['exp'] };
    const { payload } = await jwtVerify(token, keys.keyOf, options);
    if (payload.iat === undefined || payload.iat <= Date.now() / 1000 + SKEW) return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw refused('The identity token has expired.');
    if (error instanceof AuthError) throw error;
    const isEarly = error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf';
    // Also what a key is refused for, such as that it is too short: whoever sends a token says by which it is signed.
    if (!isEarly) return undefined;
  }
  throw refused('The identity token is not valid yet.');
}

/** Throws where what the issuer says is not what the identity asks for. */
function requireFit(payload: JWTPayload, { audience, claims }: Identity): void {
  if (![payload.aud].flat().includes(audience)) {
    throw refused('The identity token is for another audience than this server asks for.');
  }
  if (!fitsClaims(payload, claims)) {
    throw refused('The identity token has other claims than this server asks for.');
  }
}

function refused(message: string): AuthError {
  return new AuthError('unauthorized', message);
}

function principalOf({ name, scopes, packages, releases }: Identity, payload: JWTPayload): Principal {
  const grant = { scopes, packages, releases };
  return { name, kind: 'identity', grant, claims: auditedClaims(payload) };
}
