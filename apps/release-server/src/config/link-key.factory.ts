import { randomBytes, scryptSync } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Config } from './config.js';

const KEY_BYTES = 32;

/**
 * The key of signed links: made of `link_key` or, without, of `auth_token`, slowly, so that nobody finds a short one by trying
 * many on a link; or at random where there is neither, so that links hold on this server and until its end. The hashes of
 * named tokens are no secret. Throws `ConfigError`.
 */
export function linkKey(config: Config): Buffer {
  const secret =
    config.link_key ??
    secretIn(config, 'link_key_file') ??
    config.auth_token ??
    secretIn(config, 'auth_token_file');
  return secret === undefined
    ? randomBytes(KEY_BYTES)
    : scryptSync(secret, 'release-server signed links', KEY_BYTES);
}

function secretIn(config: Config, key: 'link_key_file' | 'auth_token_file'): string | undefined {
  const file = config[key];
  if (file === undefined) return undefined;
  try {
    const secret = readFileSync(file, 'utf8').trim();
    if (secret === '') throw new Error('it is empty');
    return secret;
  } catch (error) {
    throw config.problem(key, `${file} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
