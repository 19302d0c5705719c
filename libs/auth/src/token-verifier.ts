/** Who asks. A verifier may add what {@link TokenVerifier.may} needs, such as scopes. */
export interface Principal {
  /** For audit lines. */
  readonly name: string;
}

/** What is asked to be done to a package; to publish is to overwrite as well. */
export type Action = 'publish' | 'delete';

/** Decides whose a bearer token is, and what its owner may do. Replace this provider to authenticate in another way. */
export abstract class TokenVerifier<P extends Principal = Principal> {
  /**
   * The owner of the token: an object with a `name` that is not blank. Anything else, such as undefined, null or a row
   * without a name, is a token of nobody, 401. What it throws is 503 `token_unavailable`, unless it is an `AuthError`
   * of another code; so is no answer within ten seconds.
   */
  abstract verify(token: string): Promise<P | undefined>;

  /**
   * Whether `principal`, a copy of what {@link verify} returned, may do this to the package of that name, which need not
   * exist; without this method it may. Asked for every change as soon as the name is known, before the bytes are taken.
   * Anything but `true` is 403 `forbidden`; what it throws is answered as with {@link verify}.
   */
  may?(principal: P, action: Action, name: string): Promise<boolean>;
}
