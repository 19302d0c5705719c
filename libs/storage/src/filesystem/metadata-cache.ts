import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { inBatches } from '../in-batches.js';
import { inParallel } from '../parallel.js';
import type { QuickCalls } from '../quick-calls.js';
import { SharedRun } from '../shared-run.js';
import { isAbandoned, isTag } from '../staging/owner.js';
import { isOf, lineOf, readLog, recordIn, type DigestRecord, type LogPosition } from './digest-log.js';
import { ctimeIn } from './fingerprint.js';
import type { Layout } from './layout.js';

/** A log is rewritten when it has this many lines more than twice the number of digests. */
const SPARE_LINES = 1000;
/** Lines that a rewrite writes at once. */
const BATCH_LINES = 1000;
const PARALLEL = 32;
/** A log is reopened after this time: a process that took this one for dead may have removed it. */
const REOPEN_MS = 60_000;
/** A log is closed when nothing was written for so long: while it is open, its file system cannot be made read-only. */
const IDLE_MS = 500;
const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
const MODE = 0o644;
/** Upper bound of the bytes of an entry of an earlier version. */
const MAX_ENTRY_BYTES = 1024;

const LOG = /^(.+)\.digests$/;
const DRAFT = /^(.+)\.digests\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Earlier versions kept a file for each package, and made drafts of it. */
const OLD_ENTRY = /^[0-9a-f]{64}\.json$/;
const OLD_DRAFT = /^[0-9a-f]{64}\.json\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Digests in memory and on disk, so that a start need not read every package again. Each process appends what it learns to
 * a log of its own, and reads those of others. Only a cache: a record counts while the file's fingerprint is the one
 * that was hashed, and losing all of it costs nothing but time.
 */
export class MetadataCache {
  private readonly records = new Map<string, DigestRecord>();
  private readonly positions = new Map<string, LogPosition>();
  private readonly readings = new SharedRun(() => this.readLogs());
  private readonly writings = new SharedRun(() => this.write());
  private readonly ownLog: string;
  private hasReadEntries = false;
  /** Lines that wait to be written. */
  private pending: string[] = [];
  /** Files whose digests our own log takes over. */
  private left: string[] = [];
  private file: FileHandle | undefined;
  private openedAt = 0;
  private isIdle = false;
  private idleTimer: NodeJS.Timeout | undefined;
  /** Lines in our own log. */
  private lines = 0;
  private isClosed = false;

  constructor(
    private readonly layout: Layout,
    ownerTag: string,
    private readonly readOnly: boolean,
    private readonly calls: QuickCalls,
  ) {
    this.ownLog = `${ownerTag}.digests`;
  }

  /** The digest of the revision with this fingerprint, if it is known, be it from another process a moment ago. */
  async load(name: string, fingerprint: string): Promise<string | undefined> {
    const known = this.known(name, fingerprint);
    if (known !== undefined) return known;
    await this.catchUp();
    return this.known(name, fingerprint);
  }

  /** The same as of the last {@link catchUp}. */
  known(name: string, fingerprint: string): string | undefined {
    const record = this.records.get(name);
    return record !== undefined && isOf(record, fingerprint) ? record.sha256 : undefined;
  }

  /** Reads what other processes have written down until now. */
  async catchUp(): Promise<void> {
    await this.readings.next();
  }

  /**
   * Remembers a digest, and resolves when others can know it; with `moving`, of a file that is about to be renamed. Never
   * fails: a cache that cannot be written is a slower start.
   */
  async save(name: string, fingerprint: string, sha256: string, moving?: true): Promise<void> {
    if (this.readOnly || this.isClosed) return;
    const record: DigestRecord = { name, fingerprint, sha256, ...(moving && { moving }) };
    this.records.set(name, record);
    this.pending.push(lineOf(record));
    await this.writings.next();
  }

  /** Its lines go when the log is rewritten. */
  forget(name: string): void {
    this.records.delete(name);
  }

  /** Forgets packages that are gone when that is most: others write down what they publish, and never what leaves. */
  async trim(count: number, isThere: (name: string) => boolean): Promise<void> {
    if (this.records.size > 2 * count + SPARE_LINES) await this.retain(isThere);
  }

  /** Forgets packages that are gone, takes over what processes that are gone have written, and removes that. */
  async keepOnly(isThere: (name: string) => boolean): Promise<void> {
    if (this.readOnly) return;
    await this.retain(isThere);
    await inParallel(await this.files(), PARALLEL, async (file) => {
      if (await this.isLeft(file)) this.left.push(file);
    });
    await this.writings.next();
  }

  /** Writes down what waits for it, and lets go of the log. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.writings.next();
    clearTimeout(this.idleTimer);
    await this.letGo();
  }

  private retain(isThere: (name: string) => boolean): Promise<void> {
    return inBatches(this.records.keys(), (batch) => {
      for (const name of batch) if (!isThere(name)) this.records.delete(name);
    });
  }

  private async readLogs(): Promise<void> {
    const files = await this.files();
    if (!this.hasReadEntries) {
      this.hasReadEntries = true;
      const old = files.filter((file) => OLD_ENTRY.test(file));
      await inParallel(old, PARALLEL, async (file) => {
        this.learn(recordIn(await this.readEntry(file).catch(() => '')));
      });
    }
    for (const file of files) {
      if (ownerIn(file, LOG) === undefined || file === this.ownLog) continue;
      const [path, last] = [join(this.layout.meta, file), this.positions.get(file)];
      const position = await readLog(path, last, (record) => this.learn(record)).catch(() => undefined);
      if (position !== undefined) this.positions.set(file, position);
    }
  }

  /** Of two revisions of a name that others tell of, the one with the later ctime is there now. */
  private learn(record: DigestRecord | undefined): void {
    if (record === undefined) return;
    const known = this.records.get(record.name);
    if (known !== undefined && ctimeIn(known.fingerprint) > ctimeIn(record.fingerprint)) return;
    this.records.set(record.name, record);
  }

  private async write(): Promise<void> {
    const { pending, left } = this;
    const isRewritten = left.length > 0 || this.lines > 2 * this.records.size + SPARE_LINES;
    if (pending.length === 0 && !isRewritten) {
      if (this.isIdle) await this.letGo();
      return;
    }
    this.noteUse();
    [this.pending, this.left] = [[], []];
    try {
      if (isRewritten) await this.rewrite(left);
      else await this.append(pending);
    } catch {
      await this.letGo();
      // The log may end with half a line, which must not run into the next.
      this.pending.unshift('\n');
    }
  }

  private noteUse(): void {
    this.isIdle = false;
    this.idleTimer ??= setTimeout(() => {
      this.isIdle = true;
      void this.writings.next();
    }, IDLE_MS).unref();
    this.idleTimer.refresh();
  }

  private async append(lines: readonly string[]): Promise<void> {
    if (performance.now() - this.openedAt > REOPEN_MS) await this.letGo();
    if (this.file === undefined) {
      this.file = await open(join(this.layout.meta, this.ownLog), APPEND, MODE);
      this.openedAt = performance.now();
    }
    const text = Buffer.from(lines.join(''));
    const written = await this.calls.write(this.file.fd, text);
    if (written < text.length) await this.file.appendFile(text.subarray(written));
    this.lines += lines.length;
  }

  /** Replaces our own log by one with a line for each known digest, then removes the files that it has taken over. */
  private async rewrite(superseded: readonly string[]): Promise<void> {
    this.lines = 0;
    const path = join(this.layout.meta, this.ownLog);
    const draft = `${path}.${randomUUID()}`;
    const file = await open(draft, APPEND | constants.O_EXCL, MODE);
    try {
      let lines: string[] = [];
      for (const record of this.records.values()) {
        lines.push(lineOf(record));
        this.lines += 1;
        if (lines.length < BATCH_LINES) continue;
        await file.appendFile(lines.join(''));
        lines = [];
      }
      await file.appendFile(lines.join(''));
      await rename(draft, path);
    } catch (error) {
      await file.close();
      await rm(draft, { force: true });
      throw error;
    }
    await this.letGo();
    [this.file, this.openedAt] = [file, performance.now()];
    await inParallel(superseded, PARALLEL, (name) => rm(join(this.layout.meta, name), { force: true }));
  }

  private async letGo(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.close().catch(() => undefined);
  }

  private async files(): Promise<string[]> {
    return readdir(this.layout.meta).catch(() => []);
  }

  /** Whether a file of ours is one that nobody writes any more. */
  private async isLeft(name: string): Promise<boolean> {
    if (!isMetadataFile(name) || name === this.ownLog) return false;
    const owner = ownerIn(name, LOG) ?? ownerIn(name, DRAFT);
    if (owner === undefined) return true;
    const stats = await lstat(join(this.layout.meta, name)).catch(() => undefined);
    return stats?.isFile() === true && isAbandoned(owner, stats.ctimeMs);
  }

  /** Whatever lies there: what is no regular file, or too large for an entry, is none, and waits for nobody. */
  private async readEntry(name: string): Promise<string> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(join(this.layout.meta, name), flags);
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
}

/** Whether a file of that name is a log of ours, an entry of an earlier version, or the draft of one. */
export function isMetadataFile(name: string): boolean {
  const owner = ownerIn(name, LOG) ?? ownerIn(name, DRAFT);
  return owner !== undefined || OLD_ENTRY.test(name) || OLD_DRAFT.test(name);
}

function ownerIn(name: string, pattern: RegExp): string | undefined {
  const [, tag] = pattern.exec(name) ?? [];
  return tag !== undefined && isTag(tag) ? tag : undefined;
}
