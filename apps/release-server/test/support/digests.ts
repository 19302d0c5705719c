import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

function metaOf(storagePath: string): string {
  return join(storagePath, '.release-server', 'meta');
}

/** The lines in which servers that use a directory have written down digests. */
export async function digestLines(storagePath: string): Promise<string[]> {
  const texts = (await readdir(metaOf(storagePath))).map((file) =>
    readFile(join(metaOf(storagePath), file), 'utf8'),
  );
  return (await Promise.all(texts)).join('').split('\n').filter(Boolean);
}

/** Takes them out of a directory that no server uses. */
export async function takeDigestLines(storagePath: string): Promise<string[]> {
  const lines = await digestLines(storagePath);
  for (const file of await readdir(metaOf(storagePath))) await rm(join(metaOf(storagePath), file));
  return lines;
}

/** Where a server looks for what another one has written down, which has died since; a path for each number. */
export function deadDigestLog(storagePath: string, number: number): string {
  return join(metaOf(storagePath), `0123456789ab.${number + 1}.01234567.digests`);
}
