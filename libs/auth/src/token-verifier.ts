/** Who makes a request, as far as audit lines tell. */
export interface Principal {
  readonly name: string;
}

/** Decides whose a bearer token is. Replace this provider to authenticate in another way. */
export abstract class TokenVerifier {
  /** The owner of the token, or undefined for a token of nobody. Rejects with `AuthError` when it cannot tell. */
  abstract verify(token: string): Promise<Principal | undefined>;
}
