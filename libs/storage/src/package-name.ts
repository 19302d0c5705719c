const PACKAGE_NAME = /^[A-Za-z0-9][A-Za-z0-9._+@~-]{0,199}$/;
/** Characters, and bytes. */
export const MAX_NAME = 200;

/** The rule in words, for error messages. */
export const PACKAGE_NAME_RULE =
  'a package name has 1 to 200 characters of A-Z a-z 0-9 . _ + @ ~ -, starts with a letter or digit and does not end with a dot';

/**
 * The one rule for names, whether they come from a URL, a multipart part or a directory: what passes is
 * safe as a file name, in a URL path, in a header and in a log line.
 */
export function isPackageName(name: string): boolean {
  return PACKAGE_NAME.test(name) && !name.endsWith('.');
}
