import type { Grant } from '../grant.js';

/** Programs that are known by what an issuer says of them, such as the jobs of a repository. */
export interface Identity extends Grant {
  /** For audit lines. */
  readonly name: string;
  /** As tokens have it in `iss`. */
  readonly issuer: string;
  /** One of those that a token has to be for, `aud`. */
  readonly audience: string;
  /** Where the issuer's keys are; by default its discovery document says where. */
  readonly jwksUri?: string | undefined;
  /** A file that holds them instead. */
  readonly jwksFile?: string | undefined;
  /** Patterns with `*` and `?`, all of which have to fit the claim of that name. */
  readonly claims: Readonly<Record<string, string>>;
}
