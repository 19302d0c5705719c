import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

import type { Evict, OpenPackage, Package, PackageStore } from '#storage';

import { messageOf } from './command.js';

/** Retention is the business of the server that the target is for. */
const KEEP_ALL: Evict = () => [];

/** What became of one package; a conflict is one that the target has in another version. */
export type Outcome =
  { readonly kind: 'copied' | 'skipped' } | { readonly kind: 'conflict'; readonly reason: string };

export interface MigrationOptions {
  /** Whether a package is replaced that the target has in another version. */
  readonly overwrite: boolean;
}

/** Copies packages from one store to another, whatever their drivers, with name, time and digest. */
export class Migration {
  constructor(
    private readonly from: PackageStore,
    private readonly to: PackageStore,
    private readonly options: MigrationOptions,
  ) {}

  /** What there is to copy. Oldest first, so that also who looks meanwhile sees the newest as the last. */
  async packages(): Promise<readonly Package[]> {
    return (await this.from.list()).toReversed();
  }

  /** Copies one package, unless the target has it. Rejects when it could not be copied whole, and says so where that stays there. */
  async copy(name: string): Promise<Outcome> {
    const existing = await this.to.find(name);
    const opened = await this.from.open(name);
    try {
      if (existing !== undefined) {
        const reason = await this.differenceOf(opened.package, existing);
        if (reason === undefined) return { kind: 'skipped' };
        if (!this.options.overwrite) return { kind: 'conflict', reason };
      }
      await this.transfer(opened);
      return { kind: 'copied' };
    } finally {
      await opened.close();
    }
  }

  private async differenceOf(wanted: Package, existing: Package): Promise<string | undefined> {
    if (wanted.size !== existing.size) return `the target has it with ${existing.size} bytes`;
    const ours = wanted.sha256 ?? (await digestOf(this.from, wanted.name));
    const theirs = existing.sha256 ?? (await digestOf(this.to, existing.name));
    if (ours !== theirs) return `the target has it with the SHA-256 ${theirs}`;
    if (wanted.createdAt === existing.createdAt) return undefined;
    return `the target has the same bytes with the time ${new Date(existing.createdAt).toISOString()}`;
  }

  /** The target refuses bytes that are not those of the digest that the source knows. */
  private async transfer(opened: OpenPackage): Promise<void> {
    const { name, size, sha256, createdAt } = opened.package;
    const body = Readable.from(copies(opened.read()));
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
    await this.to.remove(stored.name, { versions: [stored.version] }).catch((cause: unknown) => {
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
export async function digestOf(store: PackageStore, name: string): Promise<string> {
  const opened = await store.open(name);
  try {
    const hash = createHash('sha256');
    for await (const chunk of opened.read()) hash.update(chunk);
    return hash.digest('hex');
  } finally {
    await opened.close();
  }
}

/** Chunks that last: a stream asks for the next before it has given away the one before. */
async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}
