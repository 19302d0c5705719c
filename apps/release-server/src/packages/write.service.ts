import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';

import { Permissions } from '#auth';
import { RetentionService } from '#retention';
import {
  assertFileName,
  folderTagOf,
  isPackageName,
  nameInRelease,
  notFound,
  PackageStore,
  StorageError,
  type Evict,
  type Eviction,
  type Package,
  type PackageCheck,
  type PublishResult,
  type RemoveCondition,
  type StagedPackage,
} from '#storage';

import { Config } from '../config/config.js';
import { originOf, RETENTION, type Origin, type Requester } from '../events/package-event.js';
import { PackageEvents } from '../events/package-events.js';
import { ProblemError } from '../problems/problem.js';
import { accessTo } from './access-to.js';
import { ImmutableRule } from './immutable-rule.js';
import type { IncomingBody } from './incoming-body.js';
import { namesakeName, requireNoNamesake, withoutNamesakes } from './namesakes.js';
import { OverwriteRule } from './overwrite-rule.js';
import { lackingFor, permittedPublish, type PermittedPublish } from './permitted-publish.js';
import type { WriteOptions } from './write-options.js';

/**
 * The only way to change the packages: publish, delete, and what retention removes with a publish, at the start or by age. Each
 * change is said as an event. Errors are those of `PackageStore`, and `overwrite_disabled`, `delete_disabled` and
 * `release_immutable` where the configuration says so.
 */
@Injectable()
export class WriteService implements OnApplicationBootstrap {
  constructor(
    private readonly store: PackageStore,
    private readonly retention: RetentionService,
    private readonly permissions: Permissions,
    private readonly overwrites: OverwriteRule,
    private readonly immutable: ImmutableRule,
    private readonly events: PackageEvents,
    private readonly config: Config,
  ) {}

  /** Applies a limit that was lowered since the last run, before the first request is answered. */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.read_only) await this.prune();
  }

  /** Removes what retention lets leave with nothing incoming. */
  async prune(): Promise<void> {
    const evicted = await this.store.prune(this.retention.evict).catch((error: unknown) => {
      throw this.retention.withAdvice(error);
    });
    this.sayEvicted(evicted, undefined, originOf(RETENTION));
  }

  /**
   * Refuses a body by its announced length, if there is one: `package_too_large` or `insufficient_storage`.
   *
   * @param overhead - Bytes that the body may have beyond its package.
   */
  async requireRoom(length: number | undefined, overhead = 0): Promise<void> {
    if (length === undefined) return;
    const maxSize = this.config.max_upload_size;
    if (length > maxSize + overhead) {
      throw new StorageError('package_too_large', `The upload is larger than the limit of ${maxSize} bytes.`);
    }
    await this.store.requireSpace(length);
  }

  /**
   * Receives a package and publishes it. What can be refused without reading its bytes is refused first: the permission
   * comes before everything, and the condition is decided again when the bytes are there. @param file - Its name, in the
   * folder of a release where the options say so. Rejects with `release_not_found` where it may only go into a draft, or a
   * release that has a record, and there is none.
   */
  async publish(
    incoming: IncomingBody,
    file: string,
    options: WriteOptions,
    requester: Requester,
  ): Promise<PublishResult> {
    const received = this.receive(incoming, file, options, requester);
    const { name, permitted, staged } = await received.finally(() => incoming.dispose?.());
    try {
      const condition = await this.overwrites.permitted(name, permitted.condition);
      const evict = this.overwrites.within(condition, this.immutable.within(this.retention.evict));
      return await this.store.publish(staged, name, {
        condition,
        evict: evictionFor(options, condition === 'absent' ? withoutNamesakes(evict) : evict),
        committed: (result) => this.sayPublished(result, originOf(permitted.actor, requester)),
      });
    } catch (error) {
      await this.store.discard(staged);
      throw this.refusal(error, permitted);
    }
  }

  /** Deletes a package. The permission comes before everything, so that who has none learns of no draft. */
  async remove(name: string, condition: RemoveCondition, requester: Requester): Promise<Package> {
    if (!isPackageName(name)) throw notFound(name);
    const actor = await this.permissions.require(requester.principal, accessTo('delete', name));
    let isDraft = false;
    const check: PackageCheck = (isHidden) => {
      isDraft = isHidden;
      if (!this.config.allow_delete && !isDraft) throw deleteDisabled();
    };
    check(await this.overwrites.isDraft(name));
    return this.store.remove(name, {
      condition,
      check,
      committed: (removed) => {
        const type = isDraft ? 'package.discarded' : 'package.deleted';
        this.events.say({ type, package: removed, ...originOf(actor, requester) });
      },
    });
  }

  private async receive(
    incoming: IncomingBody,
    file: string,
    { release, condition, onlyDraft, sha256 }: WriteOptions,
    { principal }: Requester,
  ): Promise<{ name: string; permitted: PermittedPublish; staged: StagedPackage }> {
    assertFileName(file);
    const name = release === undefined ? file : nameInRelease(release, file);
    const permitted = await permittedPublish(this.permissions, principal, name, condition);
    const check = incoming.arrivesWithHead === true ? 'cached' : 'full';
    try {
      const left = await this.overwrites.permitted(name, permitted.condition);
      await this.store.requireCondition(name, left, check);
      if (left === 'absent' && check === 'full') await this.requireNoNamesake(name);
    } catch (error) {
      throw this.refusal(error, permitted);
    }
    await this.immutable.require(name);
    if (onlyDraft === true) await this.requireDraft(release);
    const { stream, size, sizeAtMost, signal, ownsChunks } = incoming;
    await this.requireRoom(size);
    incoming.accept?.();
    const { max_upload_size: maxSize } = this.config;
    const bounds = { maxSize, size, sizeAtMost, sha256, signal, ownsChunks };
    return { name, permitted, staged: await this.store.stage(stream, bounds) };
  }

  /** A draft takes what comes under its tag. */
  private async requireNoNamesake(name: string): Promise<void> {
    const snapshot = await this.store.snapshot();
    if (snapshot.releases.get(folderTagOf({ name }) ?? '')?.isDraft === true) return;
    const other = namesakeName(name, snapshot);
    const existing = other === undefined ? undefined : await this.store.find(other);
    requireNoNamesake(name, snapshot, () => existing);
  }

  /** A store's refusal, in the words of what refused. */
  private refusal(error: unknown, permitted: PermittedPublish): unknown {
    return lackingFor(error, permitted) ?? this.overwrites.refusal(error, permitted.condition);
  }

  private async requireDraft(tag: string | undefined): Promise<void> {
    const { releases } = await this.store.snapshot();
    if (tag === undefined || releases.get(tag)?.isDraft !== true) refuseToPublish();
  }

  private sayPublished(
    { package: published, replaced, evicted, isDraft }: PublishResult,
    origin: Origin,
  ): void {
    this.sayEvicted(evicted, published, origin);
    if (isDraft === true) {
      this.events.say({ type: 'package.drafted', package: published, ...origin });
      return;
    }
    this.events.say(
      replaced === undefined
        ? { type: 'package.published', package: published, ...origin }
        : { type: 'package.overwritten', package: published, previous: replaced, ...origin },
    );
  }

  private sayEvicted(evicted: readonly Eviction[], incoming: Package | undefined, origin: Origin): void {
    const { limits } = this.retention;
    for (const eviction of evicted) {
      this.events.say({ type: 'package.evicted', ...eviction, incoming, limits, ...origin });
    }
  }
}

/**
 * What decides which packages leave, and whether one may become public at all: a store asks it for each that does, in the
 * very step, and for none that goes into a draft.
 */
function evictionFor({ release, onlyDraft, onlyKnown }: WriteOptions, evict: Evict): Evict {
  if (onlyDraft === true) return refuseToPublish;
  if (onlyKnown !== true) return evict;
  return (packages, context) => {
    if (release !== undefined && context.releases.has(release)) return evict(packages, context);
    throw new StorageError('release_not_found', 'The release is gone.');
  };
}

function deleteDisabled(): ProblemError {
  return new ProblemError('delete_disabled', 'This server keeps packages: allow_delete is false.');
}

function refuseToPublish(): never {
  throw new StorageError(
    'release_not_found',
    'There is no draft of that tag: it is public, or was never made.',
  );
}
