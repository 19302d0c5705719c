import type { RetentionOptions } from '#retention';

import type { Config } from './config.js';

export function retentionOptions({ max_packages, read_only, retention }: Config): RetentionOptions {
  return {
    maxPackages: max_packages,
    readOnly: read_only,
    rules: {
      evict: retention.evict,
      keepReleases: retention.keep_releases,
      keepPrereleases: retention.keep_prereleases,
      maxAgeMs: retention.max_age,
      protect: retention.protect,
      protectLatest: retention.protect_latest,
    },
  };
}
