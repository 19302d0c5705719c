import { Injectable } from '@nestjs/common';

import { Permissions, type Access, type Principal, type Scope } from '#auth';
import { catalogOf, type Release } from '#releases';
import { RetentionService } from '#retention';
import {
  assertFileName,
  assertReleaseTag,
  fileOf,
  folderTagOf,
  labelOf,
  nameInRelease,
  PackageStore,
  StorageError,
  type Package,
  type PackageCheck,
  type ReleaseChange,
  type ReleaseRecord,
  type ReleaseRemoval,
  type ReleaseState,
  type RemovedRelease,
  type SavedRelease,
  type StoreSnapshot,
} from '#storage';

import { Config } from '../config/config.js';
import { originOf, type Origin, type ReleaseEvent, type Requester } from '../events/package-event.js';
import { PackageEvents } from '../events/package-events.js';
import { accessTo } from '../packages/access-to.js';
import { namesakeOf, takenBy } from '../packages/namesakes.js';
import { ProblemError } from '../problems/problem.js';
import { storedExtras } from '../problems/stored-extras.js';
import { assertFields, assertText, invalid, type ReleaseFields } from './release-fields.js';
import {
  impliedRecord,
  newRecord,
  recordLabelled,
  recordWith,
  releaseIn,
  releaseNow,
  releaseWith,
  storable,
  type ReleaseName,
} from './release-record.js';

/**
 * The only way to change releases: create, edit, remove, and the names and labels of their assets, whose bytes come and go by
 * `WriteService`. The permission is asked first, and each change is said as an event. Errors are those of `PackageStore`;
 * `invalid_parameter` for what cannot be said of a release; and `delete_disabled` where something would be at its address
 * no longer although the configuration lets nothing be deleted. Drafts can be changed in any case.
 */
@Injectable()
export class ReleaseWrites {
  constructor(
    private readonly store: PackageStore,
    private readonly retention: RetentionService,
    private readonly permissions: Permissions,
    private readonly events: PackageEvents,
    private readonly config: Config,
  ) {}

  /** Rejects with `release_exists` also where the versions of packages make a release of that tag. */
  async create(tag: string, fields: ReleaseFields, requester: Requester): Promise<SavedRelease> {
    assertReleaseTag(tag);
    assertFields(fields);
    const actor = await this.permissions.require(requester.principal, { scope: 'publish', release: tag });
    const change: ReleaseChange = ({ snapshot, now }) => {
      requireFree(tag, snapshot);
      return storable(recordWith(newRecord(tag, actor.name, now), fields, now), undefined);
    };
    return this.save(tag, change, originOf(actor, requester), 'release.published');
  }

  /**
   * Publishes a draft too, and makes a draft of a release whose packages all lie in its folder. To edit or publish a draft
   * takes `publish`; of what is public an edit is an `overwrite`, and what takes it from its address a `delete`.
   */
  async edit(release: ReleaseName, fields: ReleaseFields, requester: Requester): Promise<SavedRelease> {
    const { tag = release.tag } = fields;
    assertReleaseTag(tag);
    assertFields(fields);
    const [first] = neededToEdit({ ...release, assets: [] }, fields);
    const needed = (snapshot: StoreSnapshot): Access[] => {
      const found = releaseNow(catalogOf(snapshot), release);
      const replaced = displacedBy(found, fields, snapshot);
      return [...neededToEdit(found, fields), ...replaced.map(({ name }) => accessTo('overwrite', name))];
    };
    const change: ReleaseChange = ({ snapshot, record, now }) => {
      const found = releaseNow(catalogOf(snapshot), release);
      if (tag !== found.tag) {
        this.requireHideable(found, 'tag');
        requireFree(tag, snapshot, found);
      }
      if (fields.isDraft === true && !found.isDraft) this.requireHideable(found, 'draft');
      const [existing] = this.config.allow_overwrite ? [] : displacedBy(found, fields, snapshot);
      if (existing !== undefined) {
        throw new ProblemError('overwrite_disabled', takenBy(existing, tag), storedExtras(existing));
      }
      return storable(recordWith(record ?? impliedRecord(found, now), fields, now), found);
    };
    return this.permitted(requester, first, needed, (actor, check) =>
      this.save(release.tag, check(change), originOf(actor, requester)),
    );
  }

  /** Removes a release with all of its packages. */
  async remove(release: ReleaseName, requester: Requester): Promise<RemovedRelease> {
    const { tag } = release;
    assertReleaseTag(tag);
    const assetsIn = (snapshot: StoreSnapshot): readonly Package[] =>
      releaseIn(catalogOf(snapshot), release).assets;
    const needed = (snapshot: StoreSnapshot): Access[] =>
      assetsIn(snapshot).map(({ name }) => accessTo('delete', name));
    const flat: ReleaseRemoval = ({ snapshot }) =>
      assetsIn(snapshot).filter((stored) => folderTagOf(stored) === undefined);
    return this.permitted(requester, { scope: 'delete', release: tag }, needed, (actor, check) => {
      if (!release.isDraft) this.requireDeletable();
      return this.store.removeRelease(tag, check(flat), (removed) =>
        this.sayRemoved(release, removed, originOf(actor, requester)),
      );
    });
  }

  /** Gives a package in the folder of a release another file name; its label stays. */
  async rename(stored: Package, file: string, requester: Requester): Promise<Package> {
    const release = releaseWith(catalogOf(await this.store.snapshot()), stored);
    const tag = folderTagOf(stored);
    assertFileName(file);
    if (tag === undefined) throw invalid('name', `the name of ${stored.name} says its release, and stays`);
    const actor = await this.permissions.require(requester.principal, accessTo('delete', stored.name));
    await this.permissions.require(actor, accessTo('publish', nameInRelease(tag, file)));
    const check: PackageCheck = (isDraft) => {
      if (!isDraft) this.requireDeletable();
    };
    check(release.isDraft);
    if (release.assets.some((other) => fileOf(other) === file && other.name !== stored.name)) {
      throw new StorageError('package_exists', `${release.tag} has an asset named ${file} already.`);
    }
    const label = labelOf(release.record, fileOf(stored));
    const renamed = await this.store.rename(stored.name, file, {
      check,
      committed: (now) => {
        const origin = originOf(actor, requester);
        this.events.say({ type: 'package.renamed', package: now, previous: stored, ...origin });
      },
    });
    if (label !== undefined) await this.label(renamed, label, requester, 'publish');
    return renamed;
  }

  /**
   * Says what an asset is, in the place of what was said before; nothing where it is empty. @param scope - What it takes: by
   * default `overwrite`, and `publish` in a draft; those who have just published it need no other.
   */
  async label(stored: Package, label: string, requester: Requester, scope?: Scope): Promise<void> {
    assertText('label', label);
    const known = releaseWith(catalogOf(await this.store.snapshot()), stored);
    const { tag, record: before } = known;
    const file = fileOf(stored);
    if ((labelOf(before, file) ?? '') === label) return;
    // The release may be published meanwhile, or hidden.
    const needed = ({ isDraft }: Release): Access =>
      accessTo(scope ?? (isDraft ? 'publish' : 'overwrite'), stored.name);
    const neededIn = (snapshot: StoreSnapshot): Access[] => [
      needed(releaseWith(catalogOf(snapshot), stored)),
    ];
    const change: ReleaseChange = ({ snapshot, record, now }) => {
      const catalog = catalogOf(snapshot);
      const found = releaseIn(catalog, releaseWith(catalog, stored));
      return storable(recordLabelled(record ?? impliedRecord(found, now), file, label, now), found);
    };
    await this.permitted(requester, needed(known), neededIn, (actor, check) =>
      this.save(tag, check(change), originOf(actor, requester)),
    );
  }

  /** @param first - What has happened where the release has its first record. */
  private async save(
    tag: string,
    change: ReleaseChange,
    origin: Origin,
    first: ReleaseEvent['type'] = 'release.edited',
  ): Promise<SavedRelease> {
    return this.store.saveRelease(tag, change, {
      evict: this.retention.evict,
      committed: (saved) => this.saySaved(saved, first, origin),
    });
  }

  /**
   * Makes a change of a release that takes permissions for what is stored, such as each of its packages: asks for them, and
   * again where the step of the store finds that it takes more by then.
   *
   * @param first - What it takes in any case. It is asked for before anything is looked up.
   * @param run - Makes the change by a step that `check` has made of its own.
   */
  private async permitted<T>(
    { principal }: Requester,
    first: Access,
    needed: (snapshot: StoreSnapshot) => readonly Access[],
    run: (actor: Principal, check: Check) => Promise<T>,
  ): Promise<T> {
    const actor = await this.permissions.require(principal, first);
    const asked = new Set([JSON.stringify(first)]);
    for (;;) {
      for (const access of needed(await this.store.snapshot())) {
        const key = JSON.stringify(access);
        if (!asked.has(key)) await this.permissions.require(actor, access);
        asked.add(key);
      }
      try {
        return await run(actor, (step) => (state) => {
          const missing = needed(state.snapshot).some((access) => !asked.has(JSON.stringify(access)));
          if (missing) throw new NotAskedFor();
          return step(state);
        });
      } catch (error) {
        if (!(error instanceof NotAskedFor)) throw error;
      }
    }
  }

  private requireDeletable(): void {
    if (this.config.allow_delete) return;
    throw new ProblemError('delete_disabled', 'This server keeps what is published: allow_delete is false.');
  }

  /** Packages that do not lie in the folder of a release neither move nor hide with it. */
  private requireHideable({ tag, isDraft, assets }: Release, parameter: string): void {
    if (!isDraft) this.requireDeletable();
    const flat = assets.find((stored) => folderTagOf(stored) === undefined);
    if (flat === undefined) return;
    throw invalid(parameter, `${tag} has packages outside of its folder, such as ${flat.name}, which stay`);
  }

  private saySaved(
    { record, before, published, evicted }: SavedRelease,
    first: ReleaseEvent['type'],
    origin: Origin,
  ): void {
    if (record === before) return;
    const { limits } = this.retention;
    for (const eviction of evicted) {
      this.events.say({ type: 'package.evicted', ...eviction, incoming: published[0], limits, ...origin });
    }
    for (const stored of published)
      this.events.say({ type: 'package.published', package: stored, ...origin });
    const type = changeOf(record, before, first);
    this.events.say({ type, tag: record.tag, release: record, ...origin });
  }

  private sayRemoved({ tag, isDraft }: ReleaseName, removed: RemovedRelease, origin: Origin): void {
    const type = isDraft ? 'package.discarded' : 'package.deleted';
    for (const stored of removed.packages) this.events.say({ type, package: stored, ...origin });
    this.events.say({ type: 'release.deleted', tag, release: removed.record, ...origin });
  }
}

type Check = <R>(step: (state: ReleaseState) => R) => (state: ReleaseState) => R;

/** A change takes a permission that was not asked for yet. */
class NotAskedFor extends Error {}

/** What an edit takes: for the release, and for each package that becomes public, hides or moves with it. */
function neededToEdit(
  { tag, isDraft, assets }: ReleaseName & Pick<Release, 'assets'>,
  fields: ReleaseFields,
): [Access, ...Access[]] {
  const { tag: target = tag, isDraft: hidden = isDraft } = fields;
  const isMoved = target !== tag;
  if (!isMoved && hidden === isDraft) return [{ scope: isDraft ? 'publish' : 'overwrite', release: tag }];
  const scope = isDraft ? 'publish' : 'delete';
  const moved: Access[] = isMoved ? [{ scope: 'publish', release: target }] : [];
  for (const stored of assets) {
    moved.push(accessTo(scope, stored.name));
    if (isMoved) moved.push({ scope: 'publish', file: fileOf(stored), release: target });
  }
  return [{ scope, release: tag }, ...moved];
}

/** The public packages whose place those of a draft take that becomes public. */
function displacedBy(
  { tag, isDraft, assets }: Release,
  fields: ReleaseFields,
  snapshot: StoreSnapshot,
): readonly Package[] {
  if (!isDraft || fields.isDraft !== false) return [];
  const shown = new Map(
    catalogOf(snapshot)
      .byTag(tag)
      ?.assets.map((stored) => [stored.name, stored]),
  );
  return assets.flatMap(({ name }) => namesakeOf(name, snapshot, (other) => shown.get(other)) ?? []);
}

/** Throws `release_exists` where another release than that one has the tag. */
function requireFree(tag: string, snapshot: Parameters<typeof catalogOf>[0], own?: Release): void {
  const catalog = catalogOf(snapshot);
  const taken = [catalog.draftByTag(tag), catalog.byTag(tag)].find((one) => one && one.id !== own?.id);
  if (taken === undefined) return;
  const { isDraft } = taken;
  const what = isDraft ? 'a draft' : 'a release';
  throw new StorageError('release_exists', `There is ${what} of ${taken.tag} already.`, { isDraft });
}

function changeOf(
  { isDraft }: ReleaseRecord,
  before: ReleaseRecord | undefined,
  first: ReleaseEvent['type'],
): ReleaseEvent['type'] {
  if (isDraft) return before?.isDraft === true ? 'release.edited' : 'release.drafted';
  if (before === undefined) return first;
  return before.isDraft ? 'release.published' : 'release.edited';
}
