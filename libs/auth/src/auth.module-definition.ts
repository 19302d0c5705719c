import { ConfigurableModuleBuilder, type Provider } from '@nestjs/common';

import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
import { SharedSecretVerifier } from './shared-secret.verifier.js';
import { TokenVerifier } from './token-verifier.js';

interface AuthExtras {
  /** Provides another {@link TokenVerifier} than {@link SharedSecretVerifier}. */
  readonly verifier?: Provider<TokenVerifier> | undefined;
}

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AuthOptions>({
  optionsInjectionToken: AUTH_OPTIONS,
})
  .setExtras<AuthExtras>(
    {},
    (definition, { verifier = { provide: TokenVerifier, useClass: SharedSecretVerifier } }) => ({
      ...definition,
      providers: [...(definition.providers ?? []), verifier],
    }),
  )
  .build();
