import { StorageError } from './storage.errors.js';

/** Bytes of a tag, and of the name of its folder. */
const MAX_TAG_BYTES = 200;
const MAX_FOLDER_BYTES = 255;

/** What a folder's name has as it is: the characters of package names, and letters and digits of any script. */
const PLAIN = /^[A-Za-z0-9._+@~\-\p{L}\p{N}\p{M}]$/u;

/** The rule in words, for error messages. */
export const RELEASE_TAG_RULE =
  'a tag is what git allows: 1 to 200 bytes, no space, control character, backslash or any of ~ ^ : ? * [, no ".." or "@{", ' +
  'no dash in front, no dot at the end, no slash at the start, at the end or twice, and no part that starts with a dot or ends with ".lock"';

/** The one rule for tags of releases: what `git check-ref-format refs/tags/<tag>` takes, in valid Unicode, within 200 bytes. */
export function isReleaseTag(tag: string): boolean {
  const bytes = Buffer.byteLength(tag);
  if (bytes === 0 || bytes > MAX_TAG_BYTES || !tag.isWellFormed()) return false;
  if (Array.from(tag).some((character) => character <= ' ' || character === '\x7f')) return false;
  // A dash in front git refuses where tags are made, for it looks like an option.
  if (/[~^:?*[\\]|\.\.|@\{|^-|\.$/.test(tag)) return false;
  if (!tag.split('/').every((part) => part !== '' && !/^\.|\.lock$/.test(part))) return false;
  return Buffer.byteLength(encoded(tag)) <= MAX_FOLDER_BYTES;
}

/** Throws `invalid_release_tag`. */
export function assertReleaseTag(tag: string): void {
  if (isReleaseTag(tag)) return;
  throw new StorageError('invalid_release_tag', `This is not a tag of a release: ${RELEASE_TAG_RULE}.`);
}

/** The name of the folder of a release: its tag, with a slash and what else is not safe in a path percent-encoded. */
export function folderOf(tag: string): string {
  assertReleaseTag(tag);
  return encoded(tag);
}

/** The tag whose folder has that name; undefined where it is the folder of none. */
export function tagOfFolder(folder: string): string | undefined {
  try {
    const tag = decodeURIComponent(folder);
    return isReleaseTag(tag) && encoded(tag) === folder ? tag : undefined;
  } catch {
    return undefined;
  }
}

function encoded(tag: string): string {
  return Array.from(tag, (character) => (PLAIN.test(character) ? character : percentEncoded(character))).join(
    '',
  );
}

function percentEncoded(character: string): string {
  return Array.from(
    Buffer.from(character),
    (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}
