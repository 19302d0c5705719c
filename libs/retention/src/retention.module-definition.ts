import { ConfigurableModuleBuilder, type Provider } from '@nestjs/common';

import { defaultPolicy } from './default-policy.js';
import { RETENTION_OPTIONS, type RetentionOptions } from './retention.options.js';
import { RetentionPolicy } from './retention.policy.js';

const DEFAULT_POLICY: Provider<RetentionPolicy> = {
  provide: RetentionPolicy,
  inject: [RETENTION_OPTIONS],
  useFactory: defaultPolicy,
};

interface RetentionExtras {
  /** Provides another {@link RetentionPolicy} than {@link defaultPolicy}. */
  readonly policy?: Provider<RetentionPolicy> | undefined;
}

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<RetentionOptions>({
  optionsInjectionToken: RETENTION_OPTIONS,
})
  .setExtras<RetentionExtras>({}, (definition, { policy = DEFAULT_POLICY }) => ({
    ...definition,
    providers: [...(definition.providers ?? []), policy],
  }))
  .build();
