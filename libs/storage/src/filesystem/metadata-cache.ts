import { constants } from 'node:fs';
import { open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { randomUUID } from 'node:crypto';

import { ctimeIn, isMoved } from './fingerprint.js';
import type { Layout } from './layout.js';

interface Metadata {
  readonly name: string;
  readonly fingerprint: string;
  readonly sha256: string;
  /** The file is about to be renamed, which changes its ctime: it counts for the {@link MOVE_NS} after that in its fingerprint. */
  readonly moving?: boolean;
}

/** Bytes: name, fingerprint and digest have less. */
const MAX_ENTRY_BYTES = 1024;
const FINGERPRINT = /^[0-9a-f]{1,32}(-[0-9a-f]{1,32}){3}$/;
/** Nanoseconds within which a file is renamed once that is announced. */
const MOVE_NS = 2_000_000_000n;

/**
 * Digests on disk, so that a start need not read every package again. Only a cache: an entry counts while the
 * file's fingerprint is the one that was hashed, and losing all of it costs nothing but time.
 */
export class MetadataCache {
  constructor(
    private readonly layout: Layout,
    private readonly readOnly: boolean,
  ) {}

  /** The digest of the revision with this fingerprint, if it is known. */
  async load(name: string, fingerprint: string): Promise<string | undefined> {
    let text: string;
    try {
      text = await readEntry(this.layout.metadata(name));
    } catch {
      return undefined;
    }
    const stored = parse(text);
    return stored?.name === name && isOf(stored, fingerprint) ? stored.sha256 : undefined;
  }

  /**
   * Remembers a digest; with `moving`, of a file that is about to be renamed. Never fails: a cache that cannot be
   * written is a slower start.
   */
  async save(name: string, fingerprint: string, sha256: string, moving?: true): Promise<void> {
    if (this.readOnly) return;
    const path = this.layout.metadata(name);
    const draft = `${path}.${randomUUID()}`;
    const metadata: Metadata = { name, fingerprint, sha256, ...(moving && { moving }) };
    try {
      await writeFile(draft, JSON.stringify(metadata), { mode: 0o644 });
      await rename(draft, path);
    } catch {
      await rm(draft, { force: true }).catch(() => undefined);
    }
  }

  async forget(name: string): Promise<void> {
    if (this.readOnly) return;
    await rm(this.layout.metadata(name), { force: true }).catch(() => undefined);
  }

  /** Removes entries of packages that are gone, and unfinished ones. */
  async keepOnly(names: Iterable<string>): Promise<void> {
    if (this.readOnly) return;
    const wanted = new Set([...names].map((name) => basename(this.layout.metadata(name))));
    const stored = await readdir(this.layout.meta).catch(() => []);
    for (const file of stored.filter(isMetadataFile)) {
      if (!wanted.has(file)) await rm(join(this.layout.meta, file), { force: true }).catch(() => undefined);
    }
  }
}

/** Whatever lies there: what is no regular file, or too large for an entry, is none, and waits for nobody. */
async function readEntry(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(MAX_ENTRY_BYTES);
    const { bytesRead } = (await file.stat()).isFile()
      ? await file.read(buffer, 0, MAX_ENTRY_BYTES, 0)
      : { bytesRead: 0 };
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function isOf(stored: Metadata, fingerprint: string): boolean {
  if (stored.moving !== true) return stored.fingerprint === fingerprint;
  const later = ctimeIn(fingerprint) - ctimeIn(stored.fingerprint);
  return isMoved(stored.fingerprint, fingerprint) && later >= 0n && later <= MOVE_NS;
}

/** Whether a file of that name is an entry of ours, or the draft of one. */
export function isMetadataFile(name: string): boolean {
  return /^[0-9a-f]{64}\.json(\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$/.test(name);
}

function parse(text: string): Metadata | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { name, fingerprint, sha256, moving } = value as Record<string, unknown>;
    if (typeof name !== 'string' || typeof fingerprint !== 'string' || typeof sha256 !== 'string')
      return undefined;
    const isSound = FINGERPRINT.test(fingerprint) && /^[0-9a-f]{64}$/.test(sha256);
    return isSound ? { name, fingerprint, sha256, moving: moving === true } : undefined;
  } catch {
    return undefined;
  }
}
