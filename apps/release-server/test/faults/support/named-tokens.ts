import { createHash } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';

/** An entry of `tokens_file` for the token of that text. */
export function tokenEntry(token: string, more: Readonly<Record<string, unknown>> = {}) {
  const hash = `sha256:${createHash('sha256').update(token).digest('hex')}`;
  return { name: token, hash, scopes: ['publish'], ...more };
}

/** Puts another `tokens_file` in the place of the one that is there, in one step. */
export async function writeTokens(path: string, content: unknown): Promise<void> {
  const text = typeof content === 'string' ? content : JSON.stringify({ tokens: content });
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
