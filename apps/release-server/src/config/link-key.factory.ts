import { randomBytes, scryptSync } from 'node:crypto';

import type { Config } from './config.js';
import { linkKeyText } from './config.values.js';
import { secretIn } from './secret-file.js';

const KEY_BYTES = 32;

/**
 * The key of signed links: made of `link_key` or, without, of `auth_token`, slowly, so that nobody finds a short one by trying
 * many on a link; or at random where there is neither, so that links hold on this server and until its end. The hashes of
 * named tokens are no secret. Throws `ConfigError`.
 */
export function linkKey(config: Config): Buffer {
  const secret = config.link_key ?? keyInFile(config) ?? config.auth_token ?? tokenInFile(config);
  return secret === undefined
    ? randomBytes(KEY_BYTES)
    : scryptSync(secret, 'release-server signed links', KEY_BYTES);
}

function keyInFile(config: Config): string | undefined {
  const { link_key_file: path } = config;
  if (path === undefined) return undefined;
  const { data, error } = linkKeyText.safeParse(secretIn(config, path, 'link_key_file'));
  if (data !== undefined) return data;
  throw config.problem('link_key_file', `${path} cannot be used: ${error?.issues[0]?.message}`);
}

function tokenInFile(config: Config): string | undefined {
  const { auth_token_file: path } = config;
  return path === undefined ? undefined : secretIn(config, path, 'auth_token_file');
}
