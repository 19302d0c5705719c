import { dump } from 'js-yaml';

import { hashOfToken } from '#auth';

import { nameOf } from '../config/config.keys.js';
import { duration } from '../config/config.quantity.js';
import { tokensFileSchema } from '../config/token.schema.js';
import { UsageError } from './command.js';

/** What the options of `token create` say. */
export interface TokenOptions {
  readonly name?: string | undefined;
  readonly scope?: readonly string[] | undefined;
  readonly packages?: readonly string[] | undefined;
  readonly releases?: readonly string[] | undefined;
  readonly expires?: string | undefined;
}

/** By key of an entry, the option that says it. */
const OPTIONS: Readonly<Record<string, string>> = { scopes: 'scope', expires_at: 'expires' };

/** The entry of a token as YAML, to stand below `tokens:`. Throws `UsageError`. @param now - Milliseconds since the epoch. */
export function tokenEntry(token: string, options: TokenOptions, now: number): string {
  const entry = {
    name: options.name,
    hash: hashOfToken(token),
    scopes: listOf(options.scope),
    packages: listOf(options.packages),
    releases: listOf(options.releases),
    expires_at: options.expires === undefined ? undefined : timeOf(options.expires, now),
  };
  const { data, error } = tokensFileSchema.safeParse({ tokens: [entry] });
  const issue = error?.issues[0];
  if (issue !== undefined) {
    const key = nameOf(issue.path.slice(2, 3));
    throw new UsageError(`--${OPTIONS[key] ?? key}: ${issue.message}`);
  }
  const expiresAt = data?.tokens[0]?.expires_at;
  if (expiresAt !== undefined && expiresAt <= now) {
    throw new UsageError(`--expires: ${new Date(expiresAt).toISOString()} has passed`);
  }
  return dump({ tokens: [entry] }, { flowLevel: 3, lineWidth: -1 }).replace('tokens:\n', '');
}

function listOf(texts: readonly string[] | undefined): string[] | undefined {
  return texts?.flatMap((text) => text.split(',').map((one) => one.trim()));
}

/** A span counts from now. */
function timeOf(text: string, now: number): string {
  const span = duration.safeParse(text);
  return span.success ? new Date(now + span.data).toISOString().replace(/\.\d+/, '') : text;
}
