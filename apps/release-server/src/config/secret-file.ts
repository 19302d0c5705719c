import { readFileSync } from 'node:fs';

import type { Config } from './config.js';

/**
 * The secret that a file holds, without white space around it. Throws `ConfigError` where it cannot be read or is empty.
 *
 * @param key - What names the file in the configuration; below `within` where that is a section.
 */
export function secretIn(
  config: Config,
  path: string,
  key: 'link_key_file' | 'auth_token_file' | 's3',
  within?: string,
): string {
  const fail = (why: string, cause?: unknown) => {
    const named = within === undefined ? '' : `${within}: `;
    return config.problem(key, `${named}${path} cannot be used: ${why}`, { cause });
  };
  let secret: string;
  try {
    secret = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw fail((error as Error).message, error);
  }
  if (secret === '') throw fail('it is empty');
  return secret;
}
