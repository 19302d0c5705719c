import { hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Config } from './config.js';
import type { NamedTokens } from './named-tokens.js';

const KEY_BYTES = 32;

/**
 * The key of signed links: made of `link_key` or, without, of what every replica is configured with to know tokens by; or at
 * random where that is nothing, so that links hold on this server and until its end. Throws `ConfigError`.
 */
export function linkKey(config: Config, { tokens }: NamedTokens): Buffer {
  const hashes = tokens.map(({ sha256 }) => sha256).toSorted();
  const secret =
    config.link_key ??
    secretIn(config, 'link_key_file') ??
    config.auth_token ??
    secretIn(config, 'auth_token_file') ??
    (hashes.length > 0 ? hashes.join('\n') : randomBytes(KEY_BYTES));
  return Buffer.from(hkdfSync('sha256', secret, '', 'release-server signed links', KEY_BYTES));
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
