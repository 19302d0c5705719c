import type { Access } from './access.js';
import type { Grant } from './grant.js';

/** Who asks. A verifier may add what {@link TokenVerifier.may} needs, such as a team. */
export interface Principal {
  /** For audit lines. */
  readonly name: string;
  /** What tells who it is; undefined where a verifier of one's own does not say. */
  readonly kind?: 'shared_secret' | 'token' | 'identity' | undefined;
  /** What it may do; everything without one. */
  readonly grant?: Grant | undefined;
  /** What the issuer of an identity says of it, for audit lines: its repository, its run. */
  readonly claims?: Readonly<Record<string, string>> | undefined;
}

/** Decides whose a bearer token is, and what its owner may do. Replace this provider to authenticate in another way. */
export abstract class TokenVerifier<P extends Principal = Principal> {
  /**
   * The owner of the token: an object with a `name` that is not blank. Anything else, such as undefined, null or a row
   * without a name, is a token of nobody, 401. What it throws is 503 `token_unavailable`, unless it is an `AuthError`
   * of another code; so is no answer within ten seconds.
   */
  abstract verify(token: string): Promise<P | undefined>;

  /**
   * Whether `principal`, a copy of what {@link verify} returned, may do this to what need not exist; without this method
   * it may what its `grant` allows, and with it both must. Asked as soon as the name is known, before the bytes are taken.
   * Anything but `true` is 403 `insufficient_scope`; what it throws is answered as with {@link verify}.
   */
  may?(principal: P, access: Access): Promise<boolean>;
}
