import type { Evict, EvictionContext } from '../eviction.js';
import { alreadyExists, assertCondition, nameOccupied } from '../conditions.js';
import { unless } from '../errno.js';
import type { PublishCondition, PublishOptions, PublishResult, StagedPackage } from '../package-store.js';
import { publishTime } from '../publish-time.js';
import type { QuickCalls } from '../quick-calls.js';
import type { Staging } from '../staging/staging.js';
import { fingerprintOf, isMoved, modifiedAt } from './fingerprint.js';
import type { Layout } from './layout.js';
import type { MetadataCache } from './metadata-cache.js';
import type { PackageIndex } from './package-index.js';
import { describe } from './package-table.js';
import { holderOf, type Placement } from './placement.js';
import type { ReleaseFolders } from './release-folders.js';
import { Withdrawal, type Trash } from './trash.js';

/** What utimes fails with where times cannot be set. */
const NO_UTIMES = ['EPERM', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];
/** Times that a name is tried again because what held it has gone. */
const ATTEMPTS = 5;

/** What the step has done that is not durable yet. */
export interface Taken {
  readonly result: PublishResult;
  readonly withdrawal: Withdrawal;
  /** Whether the folder of the package is a new one. */
  readonly isNewFolder: boolean;
  /** Resolves when the digest is written down. Never rejects. */
  readonly saved: Promise<void>;
}

/** The one step in which a package appears and others leave: all of it, or nothing. One at a time. */
export class PublishStep {
  constructor(
    private readonly layout: Layout,
    private readonly calls: QuickCalls,
    private readonly metadata: MetadataCache,
    private readonly index: PackageIndex,
    private readonly staging: Staging,
    private readonly placement: Placement,
    private readonly trash: Trash,
    private readonly folders: ReleaseFolders,
  ) {}

  /** Decides, withdraws, and has the package appear under the name; or puts back what was withdrawn. */
  async take(staged: StagedPackage, name: string, options: PublishOptions): Promise<Taken> {
    const { condition, evict } = options;
    await this.index.refresh();
    const existing = await this.index.decidingOn(name, condition);
    assertCondition(name, condition, existing);
    // First of all, for its record tells whether the package is one of a draft.
    let isNewFolder = await this.folders.makeFor(name);
    const isDraft = this.index.hides(name);

    const source = this.staging.pathOf(staged);
    const target = this.layout.package(name);
    const now = Date.now();
    const createdAt = publishTime(options.createdAt, now, this.index.latestTime);
    // Half a millisecond more, for the way through floating-point seconds cuts off.
    const seconds = (createdAt + 0.5) / 1000;
    // Where the file system lets nobody set it, the time is that of the upload.
    await unless(NO_UTIMES, () => this.calls.utimes(source, seconds));
    // Neither link nor rename changes size and mtime, while under the name may lie another's file a moment later.
    const stats = await this.calls.lstat(source);
    const before = fingerprintOf(stats);
    const published = describe(name, staged.size, modifiedAt(stats), staged.sha256, before);

    const incoming = { name, size: published.size, createdAt: published.createdAt };
    const context = { incoming: [incoming], releases: this.index.snapshot().releases, now };
    const withdrawal = isDraft
      ? Withdrawal.NONE
      : await this.withdraw(evict, context, isNewFolder ? name : undefined);
    try {
      // First, so that a reader who meets the new file before it is in the index knows it to be whole.
      if (condition !== 'absent') await this.metadata.save(name, before, staged.sha256, true);
      const isPlaced = await unless(['ENOENT'], () => this.place(source, name, condition));
      if (!isPlaced) {
        // The folder went with its last package a moment ago.
        isNewFolder = (await this.folders.makeFor(name)) || isNewFolder;
        await this.place(source, name, condition);
      }
    } catch (error) {
      await this.trash.reinstate(withdrawal);
      throw error;
    }

    const after = await this.calls.lstat(target).then(fingerprintOf, () => before);
    // Another's file by now: who opens it finds out.
    const fingerprint = isMoved(before, after) ? after : before;
    this.index.put({ package: published, fingerprint });
    const saved = this.metadata.save(name, fingerprint, staged.sha256);
    const result = { package: published, replaced: existing, evicted: withdrawal.evictions, isDraft };
    return { result, withdrawal, isNewFolder, saved };
  }

  /** @param first - The name of the package for which its folder was made. */
  private async withdraw(
    evict: Evict,
    context: EvictionContext,
    first: string | undefined,
  ): Promise<Withdrawal> {
    try {
      return await this.trash.withdraw(evict, context);
    } catch (error) {
      if (first !== undefined) await this.folders.removeIfUnused(first);
      throw error;
    }
  }

  /** What is not listed may have the name all the same: a file that came a moment ago, or something that is no file. */
  async assertFree(name: string, condition: PublishCondition): Promise<void> {
    const what = await holderOf(this.layout.package(name));
    if (what === undefined || (condition !== 'absent' && what !== 'a directory')) return;
    if (what !== 'a file') throw nameOccupied(name, what);
    throw alreadyExists(name, await this.index.peek(name));
  }

  private async place(source: string, name: string, condition: PublishCondition): Promise<void> {
    if (condition === 'absent') await this.create(source, name);
    else if (!(await this.placement.replace(source, this.layout.package(name)))) {
      throw nameOccupied(name, 'a directory');
    }
  }

  /** Puts the file under a name that must be free, or tells who holds it. */
  private async create(source: string, name: string): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await this.placement.create(source, this.layout.package(name))) return;
      await this.assertFree(name, 'absent');
    }
    throw alreadyExists(name, undefined);
  }
}
