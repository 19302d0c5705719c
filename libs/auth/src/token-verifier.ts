/** Who makes a request, as far as audit lines tell. */
export interface Principal {
  readonly name: string;
}

/** Decides whose a bearer token is. Replace this provider to authenticate in another way. */
export abstract class TokenVerifier {
  /**
   * The owner of the token: an object with a `name` that is not blank. Anything else, such as undefined, null or a row
   * without a name, is a token of nobody, 401. What it throws is 503 `token_unavailable`, unless it is an `AuthError`
   * of another code; so is no answer within ten seconds.
   */
  abstract verify(token: string): Promise<Principal | undefined>;
}
