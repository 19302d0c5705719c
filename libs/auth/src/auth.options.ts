import type { IncomingMessage } from 'node:http';

import type { Identity } from './identities/identity.js';
import type { TokenSource } from './tokens/named-token.js';
import type { Principal } from './token-verifier.js';

/** What a signature in the address of a request is worth. */
export type LinkState = 'valid' | 'expired' | 'wrong';

/** A request, as far as the guard needs it. */
export interface AuthContext {
  /** Of the client; wrong tokens of one network are counted together. */
  readonly address: string;
  /** Who asks; set when the guard lets the request through. */
  principal?: Principal;
  /** Whether the answer is for the asker alone; set where reads are closed. */
  isPrivate?: boolean;
}

export interface AuthOptions {
  /** The shared secret of the default verifier, here or in a file; with neither, nobody can write. */
  readonly token: string | undefined;
  /** A file that holds the token; read again whenever it changes. */
  readonly tokenFile: string | undefined;
  /** Whom issuers of tokens vouch for; of those that fit a token the first is its owner. */
  readonly identities?: readonly Identity[] | undefined;
  /** Tokens of named owners, each of which may do what it says. */
  readonly tokens?: TokenSource | undefined;
  /** Refuse every write, with or without a token. */
  readonly readOnly: boolean;
  /** Whether reads ask for a token with the scope `read`; then Basic credentials are taken too. */
  readonly closesReads?: boolean | undefined;
  /** What the signed link is worth by which a request comes, where reads are closed; undefined where it comes by none. */
  readonly linkOf?: ((request: IncomingMessage) => LinkState | undefined) | undefined;
  /** What the application knows of a request. */
  readonly contextOf: (request: IncomingMessage) => AuthContext;
  /** Whether nobody but this machine reaches the server, so that a published token does no harm. */
  readonly isLocal: boolean;
}

/** Injection token of {@link AuthOptions}. */
export const AUTH_OPTIONS = Symbol('AUTH_OPTIONS');
