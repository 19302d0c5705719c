import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The files whose owner `isLeftover` takes to be gone, with what follows the owner's tag in their names. */
export async function leftoversIn(
  directory: string,
  isLeftover: (tag: string, changed: number) => boolean,
): Promise<{ path: string; rest: string }[]> {
  const found: { path: string; rest: string }[] = [];
  for (const file of await readdir(directory)) {
    const path = join(directory, file);
    const [tag = '', ...rest] = file.split('~');
    const stats = await lstat(path).catch(() => undefined);
    if (stats !== undefined && isLeftover(tag, stats.ctimeMs)) found.push({ path, rest: rest.join('~') });
  }
  return found;
}
