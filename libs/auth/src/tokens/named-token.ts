import type { Grant } from '../grant.js';

/** A token of somebody, as far as a server has to know it. */
export interface NamedToken extends Grant {
  /** For audit lines. Two tokens may have one, as while one takes the place of the other. */
  readonly name: string;
  /** Hexadecimal SHA-256 of the token, in lower case. */
  readonly sha256: string;
  /** Milliseconds since the epoch from which it is not valid; undefined for never. */
  readonly expiresAt?: number | undefined;
}

/** Where the tokens are that are valid now. */
export interface TokenSource {
  /** Another list after every change. */
  readonly tokens: readonly NamedToken[];
}
