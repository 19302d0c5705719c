import { z } from 'zod';

import { ConfigError } from 'release-server';

const schema = z.object({
  TEAM_TOKENS_FILE: z.string({ error: 'expected a file' }).min(1, 'expected a file'),
  KEEP_RELEASES: z.coerce.number().int().min(1).default(5),
  MEMORY_MIB: z.coerce.number().positive().default(512),
  WEBHOOK_URL: z.url({ protocol: /^https?$/ }).optional(),
});

/** What this server needs to know beyond the configuration, from variables of the environment. Throws `ConfigError`. */
export function readSettings(environment: NodeJS.ProcessEnv): z.output<typeof schema> {
  const result = schema.safeParse(environment);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    (one) => `environment variable ${one.path.join('.')}: ${one.message}`,
  );
  throw new ConfigError(problems.join('; '));
}
