import { ConfigurableModuleBuilder, type Provider } from '@nestjs/common';

import { MaxPackagesPolicy } from './max-packages.policy.js';
import { RETENTION_OPTIONS, type RetentionOptions } from './retention.options.js';
import { RetentionPolicy } from './retention.policy.js';

interface RetentionExtras {
  /** Provides another {@link RetentionPolicy} than {@link MaxPackagesPolicy}. */
  readonly policy?: Provider<RetentionPolicy> | undefined;
}

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<RetentionOptions>({
  optionsInjectionToken: RETENTION_OPTIONS,
})
  .setExtras<RetentionExtras>(
    {},
    (definition, { policy = { provide: RetentionPolicy, useClass: MaxPackagesPolicy } }) => ({
      ...definition,
      providers: [...(definition.providers ?? []), policy],
    }),
  )
  .build();
