import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { unless } from '../errno.js';
import { MAX_NAME } from '../package-name.js';
import { StorageError } from '../storage.errors.js';

/**
 * The longest name that the file system takes, which is less than a package's may have on some: encrypted directories of
 * eCryptfs take 143 bytes.
 */
export class NameLimit {
  private constructor(private readonly longest: number) {}

  static readonly NONE = new NameLimit(MAX_NAME);

  /** Finds it out, by files in that directory whose names begin with the owner's tag. */
  static async of(directory: string, tag: string): Promise<NameLimit> {
    const fits = async (length: number): Promise<boolean> => {
      const path = join(directory, `${tag}~`.padEnd(length, 'x'));
      if (!(await unless(['ENAMETOOLONG', 'EINVAL'], async () => (await open(path, 'wx')).close())))
        return false;
      await rm(path, { force: true });
      return true;
    };
    if (await fits(MAX_NAME)) return NameLimit.NONE;
    let [most, tooMany] = [tag.length + 2, MAX_NAME];
    while (tooMany - most > 1) {
      const middle = Math.floor((most + tooMany) / 2);
      if (await fits(middle)) most = middle;
      else tooMany = middle;
    }
    return new NameLimit(most);
  }

  /** Throws `invalid_package_name`. */
  assert(name: string): void {
    const longest = Math.max(...name.split('/').map((part) => Buffer.byteLength(part)));
    // The limit was only looked for up to the longest name of a file.
    if (longest <= this.longest || this.longest === MAX_NAME) return;
    throw new StorageError(
      'invalid_package_name',
      `The name has ${longest} characters, and the file system of this server takes ${this.longest}: shorten it.`,
    );
  }
}
