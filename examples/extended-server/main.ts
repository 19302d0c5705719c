import { AppModule, Config, serve } from 'release-server';

import { MemoryPackageStore } from './memory-package.store.js';
import { NewestReleasesPolicy } from './newest-releases.policy.js';
import { readSettings } from './settings.js';
import { StatsModule } from './stats.module.js';
import { TeamTokenVerifier } from './team-token.verifier.js';
import { WebhookModule } from './webhook.module.js';

await serve(() => {
  const settings = readSettings(process.env);
  return AppModule.with({
    store: {
      inject: [Config],
      useFactory: ({ min_free_space: minFreeSpace }: Config) =>
        new MemoryPackageStore({ capacity: settings.MEMORY_MIB * 1024 ** 2, minFreeSpace }),
    },
    verifier: { useFactory: () => TeamTokenVerifier.fromFile(settings.TEAM_TOKENS_FILE) },
    policy: { useValue: new NewestReleasesPolicy(settings.KEEP_RELEASES) },
    imports: [
      StatsModule,
      ...(settings.WEBHOOK_URL === undefined ? [] : [WebhookModule.to(settings.WEBHOOK_URL)]),
    ],
  });
});
