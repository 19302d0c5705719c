import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

import {
  StorageError,
  type Evict,
  type OpenPackage,
  type Package,
  type PackageReader,
  type PackageStore,
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

/** Copies packages from one store to another, whatever their drivers, with name, time and digest. */
export class Migration {
  constructor(
    private readonly from: PackageReader,
    private readonly to: PackageStore,
    private readonly options: MigrationOptions,
  ) {}

  /** What there is to copy. Oldest first, so that also who looks meanwhile sees the newest as the last. */
  async packages(): Promise<readonly Package[]> {
    return (await this.from.list()).toReversed();
  }

  /**
   * Copies one package as the source has it now, unless the target has it. Rejects when it could not be copied whole, and
   * says so where that stays there.
   */
  async copy(name: string): Promise<Outcome> {
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

  private async openSource(name: string): Promise<OpenPackage | undefined> {
    try {
      return await this.from.open(name);
    } catch (error) {
      if (error instanceof StorageError && error.code === 'package_not_found') return undefined;
      throw error;
    }
  }

  private async copyRevision(opened: OpenPackage): Promise<Outcome> {
    const existing = await this.to.find(opened.package.name);
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
      const current = await this.from.find(name);
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
    await this.to.remove(stored.name, { revisions: [stored.revision] }).catch((cause: unknown) => {
      throw new Error(`${flaw}, and it could not be removed there: delete it before another run`, { cause });
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

/** The digest of the bytes, and not that which the store remembers. */
export async function digestOf(store: PackageReader, name: string): Promise<string> {
  const opened = await store.open(name);
  try {
    const hash = createHash('sha256');
    for await (const chunk of opened.read()) hash.update(chunk);
    return hash.digest('hex');
  } finally {
    await opened.close();
  }
}
