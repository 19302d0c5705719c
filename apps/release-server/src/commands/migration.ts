import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';

import {
  folderTagOf,
  newestFirst,
  StorageError,
  type Evict,
  type OpenPackage,
  type Package,
  type PackageReader,
  type PackageStore,
  type ReleaseRecord,
} from '#storage';

import { messageOf } from './command.js';

/** Retention is the business of the server that the target is for. */
const KEEP_ALL: Evict = () => [];

/** What became of one package: it was `gone` from the source before its turn; a conflict is in the target in another revision. */
export type Outcome =
  { readonly kind: 'copied' | 'skipped' | 'gone' } | { readonly kind: 'conflict'; readonly reason: string };

export interface MigrationOptions {
  /** Whether a package is replaced that the target has in another revision. */
  readonly overwrite: boolean;
}

/** Attempts to copy a package that is overwritten while it is read. */
const ATTEMPTS = 5;

/** The source does not have the revision any more that was being read. */
class Superseded extends Error {
  override readonly name = 'Superseded';

  constructor() {
    super('it was overwritten again and again while it was read; run this again');
  }
}

/** Also those of drafts. */
const ALL = { drafts: true } as const;

/**
 * Copies packages and releases from one store to another, whatever their drivers, with names, times, digests and records.
 * A release that the target does not have is a draft there until all of its packages are copied.
 */
export class Migration {
  /** The records of the releases that are copied, and the tags of those that are in conflict. */
  private readonly records = new Map<string, ReleaseRecord>();
  private readonly conflicts = new Set<string>();

  constructor(
    private readonly from: PackageReader,
    private readonly to: PackageStore,
    private readonly options: MigrationOptions,
  ) {}

  /** What there is to copy. Oldest first, so that also who looks meanwhile sees the newest as the last. */
  async packages(): Promise<readonly Package[]> {
    const { packages, drafts } = await this.from.snapshot();
    return [...packages, ...drafts].toSorted(newestFirst).toReversed();
  }

  /** Makes the releases ready for their packages: before any package is copied. Returns the tags of those in conflict. */
  async beginReleases(): Promise<readonly string[]> {
    const { releases } = await this.from.snapshot();
    for (const [tag, record] of releases) {
      const { packages, releases: there } = await this.to.snapshot();
      const existing = there.get(tag);
      const isNew = existing === undefined && !packages.some((one) => folderTagOf(one) === tag);
      const draft = { ...record, isDraft: true };
      if (existing !== undefined && (isSame(existing, record) || isSame(existing, draft))) {
        this.records.set(tag, record);
      } else if (isNew || this.options.overwrite) {
        await this.save(tag, isNew ? draft : record);
        this.records.set(tag, record);
      } else this.conflicts.add(tag);
    }
    return [...this.conflicts];
  }

  /** Gives the releases their records once their packages are there. @param incomplete - Those that are to stay drafts. */
  async endReleases(incomplete: ReadonlySet<string>): Promise<void> {
    for (const [tag, record] of this.records) if (!incomplete.has(tag)) await this.save(tag, record);
  }

  /**
   * Copies one package as the source has it now, unless the target has it. Rejects when it could not be copied whole, and
   * says so where that stays there.
   */
  async copy(name: string): Promise<Outcome> {
    if (this.conflicts.has(folderTagOf({ name }) ?? '')) {
      return { kind: 'conflict', reason: 'the target has another release with its tag' };
    }
    for (let attempt = 1; ; attempt++) {
      const opened = await this.openSource(name);
      if (opened === undefined) return { kind: 'gone' };
      try {
        return await this.copyRevision(opened);
      } catch (error) {
        if (!(error instanceof Superseded) || attempt === ATTEMPTS) throw error;
      } finally {
        await opened.close();
      }
    }
  }

  private async save(tag: string, record: ReleaseRecord): Promise<void> {
    const change = ({ record: existing }: { readonly record: ReleaseRecord | undefined }): ReleaseRecord =>
      existing !== undefined && isSame(existing, record) ? existing : record;
    await this.to.saveRelease(tag, change, { evict: KEEP_ALL });
  }

  private async openSource(name: string): Promise<OpenPackage | undefined> {
    try {
      return await this.from.open(name, ALL);
    } catch (error) {
      if (error instanceof StorageError && error.code === 'package_not_found') return undefined;
      throw error;
    }
  }

  private async copyRevision(opened: OpenPackage): Promise<Outcome> {
    const existing = await this.to.find(opened.package.name, ALL);
    if (existing !== undefined) {
      const reason = await this.differenceOf(opened.package, existing);
      if (reason === undefined) return { kind: 'skipped' };
      if (!this.options.overwrite) return { kind: 'conflict', reason };
    }
    await this.transfer(opened);
    return { kind: 'copied' };
  }

  /** Servers may run at the source: what cannot be read any more may be another revision by now, or gone. */
  private async reading<T>({ name, revision }: Package, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      const current = await this.from.find(name, ALL);
      throw current?.revision === revision ? error : new Superseded();
    }
  }

  /** Chunks that last: a stream asks for the next before it has given away the one before. */
  private async *bytesOf(opened: OpenPackage): AsyncGenerator<Uint8Array> {
    const chunks = opened.read()[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.reading(opened.package, () => chunks.next());
        if (next.done === true) return;
        yield Buffer.from(next.value);
      }
    } finally {
      await chunks.return?.();
    }
  }

  private async differenceOf(wanted: Package, existing: Package): Promise<string | undefined> {
    if (wanted.size !== existing.size) return `the target has it with ${existing.size} bytes`;
    const ours = wanted.sha256 ?? (await this.reading(wanted, () => digestOf(this.from, wanted.name)));
    const theirs = existing.sha256 ?? (await digestOf(this.to, existing.name));
    if (ours !== theirs) return `the target has it with the SHA-256 ${theirs}`;
    if (wanted.createdAt === existing.createdAt) return undefined;
    return `the target has the same bytes with the time ${new Date(existing.createdAt).toISOString()}`;
  }

  /** The target refuses bytes that are not those of the digest that the source knows. */
  private async transfer(opened: OpenPackage): Promise<void> {
    const { name, size, sha256, createdAt } = opened.package;
    const body = Readable.from(this.bytesOf(opened));
    try {
      const staged = await this.to.stage(body, { maxSize: size, size, sha256 });
      try {
        const condition = this.options.overwrite ? 'any' : 'absent';
        const result = await this.to.publish(staged, name, { condition, evict: KEEP_ALL, createdAt });
        await this.verify(result.package, staged.sha256, createdAt);
      } finally {
        await this.to.discard(staged);
      }
    } finally {
      body.destroy();
    }
  }

  /** Reads what was stored, and takes it away again where it is not what was sent. */
  private async verify(stored: Package, sha256: string, createdAt: number): Promise<void> {
    const flaw = await this.flawOf(stored, sha256, createdAt);
    if (flaw === undefined) return;
    await this.to
      .remove(stored.name, { condition: { revisions: [stored.revision] } })
      .catch((cause: unknown) => {
        throw new Error(`${flaw}, and it could not be removed there: delete it before another run`, {
          cause,
        });
      });
    throw new Error(`${flaw}; it was removed there again`);
  }

  private async flawOf(stored: Package, sha256: string, createdAt: number): Promise<string | undefined> {
    if (stored.createdAt !== createdAt) return 'the target did not keep its time';
    try {
      const digest = await digestOf(this.to, stored.name);
      return digest === sha256
        ? undefined
        : `the target stored bytes with the SHA-256 ${digest} instead of ${sha256}`;
    } catch (error) {
      return `the target does not give it back (${messageOf(error)})`;
    }
  }
}

/** As they are stored. */
function isSame(one: ReleaseRecord, other: ReleaseRecord): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));
}

/** The digest of the bytes, and not that which the store remembers. */
export async function digestOf(store: PackageReader, name: string): Promise<string> {
  const opened = await store.open(name, ALL);
  try {
    const hash = createHash('sha256');
    for await (const chunk of opened.read()) hash.update(chunk);
    return hash.digest('hex');
  } finally {
    await opened.close();
  }
}
