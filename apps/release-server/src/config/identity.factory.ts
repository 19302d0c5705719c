import type { Identity } from '#auth';

import type { ConfiguredIdentity } from './identity.schema.js';

export function identityOf({ jwks_uri, jwks_file, ...identity }: ConfiguredIdentity): Identity {
  return { ...identity, jwksUri: jwks_uri, jwksFile: jwks_file };
}
