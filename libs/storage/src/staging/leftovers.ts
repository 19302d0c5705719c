import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that a process received or withdrew: the owner's tag, in the trash a number, and what the owner called it. */
const OWNED = /^([0-9a-f]{12}\.[1-9][0-9]*\.[0-9a-f]{8})(?:\.[0-9]+)?~(.+)$/;

/**
 * The files whose owner `isLeftover` takes to be gone, with what follows the owner's tag in their names. Whatever has no
 * tag in its name, or is no regular file, is somebody else's and none of our business.
 */
export async function leftoversIn(
  directory: string,
  isLeftover: (tag: string, changed: number) => boolean,
): Promise<{ path: string; rest: string }[]> {
  const found: { path: string; rest: string }[] = [];
  for (const file of await readdir(directory)) {
    const [, tag, rest] = OWNED.exec(file) ?? [];
    if (tag === undefined || rest === undefined) continue;
    const path = join(directory, file);
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isFile() === true && isLeftover(tag, stats.ctimeMs)) found.push({ path, rest });
  }
  return found;
}
