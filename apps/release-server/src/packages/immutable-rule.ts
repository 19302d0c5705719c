import { Injectable } from '@nestjs/common';

import { catalogOf, packageVersion } from '#releases';
import { folderTagOf, PackageStore, StorageError, type Evict, type StoreSnapshot } from '#storage';

import { Config } from '../config/config.js';

/**
 * What `immutable: true` makes of publishing: a release that was published as such, so that it has a record, gets no further
 * package. Releases that only names and folders make grow file by file, and drafts are for that.
 */
@Injectable()
export class ImmutableRule {
  constructor(
    private readonly store: PackageStore,
    private readonly config: Config,
  ) {}

  /** Rejects with `release_immutable` as a publish of that name would now. */
  async require(name: string): Promise<void> {
    if (!this.config.immutable) return;
    const snapshot = await this.store.snapshot();
    const tag = folderTagOf({ name });
    // A draft takes what comes under its tag.
    if (tag === undefined || snapshot.releases.get(tag)?.isDraft !== true) requireOpen(snapshot, name);
  }

  /** The same in the step of the publish itself, which a store asks of what becomes public. */
  within(evict: Evict): Evict {
    if (!this.config.immutable) return evict;
    return (packages, context) => {
      const snapshot = context.snapshot ?? { packages, drafts: [], releases: context.releases };
      for (const { name } of context.incoming) requireOpen(snapshot, name);
      return evict(packages, context);
    };
  }
}

function requireOpen(snapshot: StoreSnapshot, name: string): void {
  if (snapshot.releases.size === 0) return;
  const tag = folderTagOf({ name }) ?? packageVersion({ name })?.tag;
  const release = tag === undefined ? undefined : catalogOf(snapshot).byTag(tag);
  if (release?.record === undefined) return;
  throw new StorageError(
    'release_immutable',
    `${release.tag} is published, and this server keeps it as it is: immutable is true. Publish another version, as a draft until it is whole.`,
  );
}
