import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import { ctimeIn, isMoved } from './fingerprint.js';

/** A digest, and the revision of a file that it is of. */
export interface DigestRecord {
  readonly name: string;
  readonly fingerprint: string;
  readonly sha256: string;
  /** The file is about to be renamed, which changes its ctime: the record holds for ctimes up to {@link MOVE_NS} later. */
  readonly moving?: boolean;
}

/** How far a log has been read, and which file it was: its owner sometimes replaces it by a shorter one. */
export interface LogPosition {
  readonly inode: bigint;
  readonly offset: number;
}

const CHUNK_BYTES = 256 * 1024;
/** Upper bound of a name, a fingerprint and a digest together. */
const MAX_RECORD_CHARACTERS = 1024;
const FINGERPRINT = /^[0-9a-f]{1,32}(-[0-9a-f]{1,32}){3}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const NEWLINE = 0x0a;
/** Nanoseconds between the announcement of a rename and the rename, at most. */
const MOVE_NS = 2_000_000_000n;

/** A record as a line of a log. */
export function lineOf(record: DigestRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** The record in a line, if it is one. */
export function recordIn(line: string): DigestRecord | undefined {
  if (line.length === 0 || line.length > MAX_RECORD_CHARACTERS) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return undefined;
    const { name, fingerprint, sha256, moving } = value as Record<string, unknown>;
    if (typeof name !== 'string' || typeof fingerprint !== 'string' || typeof sha256 !== 'string')
      return undefined;
    if (!FINGERPRINT.test(fingerprint) || !SHA256.test(sha256)) return undefined;
    return moving === true ? { name, fingerprint, sha256, moving } : { name, fingerprint, sha256 };
  } catch {
    return undefined;
  }
}

/** Whether a record tells of the revision with this fingerprint. */
export function isOf(record: DigestRecord, fingerprint: string): boolean {
  if (record.moving !== true) return record.fingerprint === fingerprint;
  const later = ctimeIn(fingerprint) - ctimeIn(record.fingerprint);
  return isMoved(record.fingerprint, fingerprint) && later >= 0n && later <= MOVE_NS;
}

/**
 * Reads the records that were appended to a log since the last read, and returns how far it is read now. A line without
 * its end is left for the next time: it is being written, or was when its process died. A file that is no log yields no
 * records, however large it is, and is not waited for.
 */
export async function readLog(
  path: string,
  last: LogPosition | undefined,
  onRecord: (record: DigestRecord) => void,
): Promise<LogPosition> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat({ bigint: true });
    const inode = stats.ino;
    if (!stats.isFile()) return { inode, offset: Infinity };
    const size = Number(stats.size);
    let offset = last?.inode === inode && (last.offset <= size || last.offset === Infinity) ? last.offset : 0;
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(CHUNK_BYTES, size - offset)));
    while (buffer.length > 0) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1;
      if (end === 0) return { inode, offset: bytesRead < MAX_RECORD_CHARACTERS ? offset : Infinity };
      for (const line of buffer.toString('utf8', 0, end).split('\n')) {
        const record = recordIn(line);
        if (record !== undefined) onRecord(record);
      }
      offset += end;
    }
    return { inode, offset };
  } finally {
    await file.close();
  }
}
