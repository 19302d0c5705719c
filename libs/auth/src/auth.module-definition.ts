import { ConfigurableModuleBuilder, type Provider } from '@nestjs/common';

import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
import { ConfiguredVerifier } from './configured.verifier.js';
import { IdentityVerifier } from './identities/identity.verifier.js';
import { SharedSecretVerifier } from './shared-secret.verifier.js';
import { TokenVerifier } from './token-verifier.js';
import { NamedTokenVerifier } from './tokens/named-token.verifier.js';

interface AuthExtras {
  /** Provides another {@link TokenVerifier} than {@link ConfiguredVerifier}. */
  readonly verifier?: Provider<TokenVerifier> | undefined;
}

const CONFIGURED: Provider[] = [
  IdentityVerifier,
  NamedTokenVerifier,
  SharedSecretVerifier,
  { provide: TokenVerifier, useClass: ConfiguredVerifier },
];

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AuthOptions>({
  optionsInjectionToken: AUTH_OPTIONS,
})
  .setExtras<AuthExtras>({}, (definition, { verifier }) => ({
    ...definition,
    providers: [...(definition.providers ?? []), ...(verifier === undefined ? CONFIGURED : [verifier])],
  }))
  .build();
