import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

import { syncOf } from '../sync.js';
import { flawOfRecord } from '../record-validation.js';
import { MAX_RECORD_BYTES, type ReleaseRecord } from '../release-record.js';

/** JSON may escape what has one byte with six. */
const MAX_FILE_BYTES = 6 * MAX_RECORD_BYTES;

/** What a file says of the release of a tag: its record, or what is wrong with it. */
export type ReadRecord = { readonly record: ReleaseRecord } | { readonly flaw: string };

/** Reads a record, whatever lies there. */
export async function readRecord(path: string, tag: string): Promise<ReadRecord> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return { flaw: ': not a regular file' };
    if (stats.size > MAX_FILE_BYTES) return { flaw: `: more than ${MAX_FILE_BYTES} bytes` };
    const bytes = await readUpTo(file, stats.size);
    return bytes === undefined ? { flaw: ': it is being written' } : parse(bytes.toString(), tag);
  } finally {
    await file.close();
  }
}

/** Writes a record durably into a file of its own, which is to be renamed into its folder. */
export async function writeRecord(path: string, record: ReleaseRecord): Promise<void> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(`${JSON.stringify(record)}\n`);
    await syncOf(file, 'files');
  } finally {
    await file.close();
  }
}

/** All bytes of a file; undefined where it has become longer. */
async function readUpTo(file: FileHandle, size: number): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(size + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length <= size; length += read) {
    ({ bytesRead: read } = await file.read(bytes, length, bytes.length - length, length));
  }
  return length > size ? undefined : bytes.subarray(0, length);
}

function parse(text: string, tag: string): ReadRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { flaw: ': not JSON' };
  }
  // The folder tells the tag, so that one that is moved or copied is the release of its new name.
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) value = { ...value, tag };
  const flaw = flawOfRecord(tag, value);
  return flaw === undefined ? { record: Object.freeze(value as ReleaseRecord) } : { flaw };
}
