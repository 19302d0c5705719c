import { folderOf, tagOfFolder } from './release-tag.js';

const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._+@~-]{0,199}$/;
/** Characters, and bytes. */
export const MAX_NAME = 200;

/** The rule for names of files in words, for error messages. */
export const PACKAGE_NAME_RULE =
  'a package name has 1 to 200 characters of A-Z a-z 0-9 . _ + @ ~ -, starts with a letter or digit and does not end with a dot';

/**
 * The one rule for names of files, whether they come from a URL, a multipart part or a directory: what passes is
 * safe as a file name, in a URL path, in a header and in a log line.
 */
export function isFileName(name: string): boolean {
  return FILE_NAME.test(name) && !name.endsWith('.');
}

/** Whether a store may have a package of that name: that of a file, or of a file in the folder of a release. */
export function isPackageName(name: string): boolean {
  const slash = name.indexOf('/');
  if (slash < 0) return isFileName(name);
  return tagOfFolder(name.slice(0, slash)) !== undefined && isFileName(name.slice(slash + 1));
}

/** The name of a package in the folder of a release. Throws `invalid_release_tag`. */
export function nameInRelease(tag: string, file: string): string {
  return `${folderOf(tag)}/${file}`;
}

/** The file's own name: what clients know the package by. */
export function fileOf({ name }: { readonly name: string }): string {
  return name.slice(name.indexOf('/') + 1);
}

/** The tag of the release in whose folder the package lies; undefined for one that lies in none. */
export function folderTagOf({ name }: { readonly name: string }): string | undefined {
  const slash = name.indexOf('/');
  return slash < 0 ? undefined : tagOfFolder(name.slice(0, slash));
}
