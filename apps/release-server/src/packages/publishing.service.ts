import type { Readable } from 'node:stream';

import { Injectable, Logger } from '@nestjs/common';

import { RetentionService } from '#retention';
import {
  PackageStore,
  StorageError,
  type Package,
  type PublishCondition,
  type PublishResult,
  type RemoveCondition,
  type StagedPackage,
} from '#storage';

import { Config } from '../config/config.js';
import type { Client } from '../server/request-context.js';
import { entityTag } from '../http/conditional.js';
import { ProblemError } from '../problems/problem.js';
import type { PublishOptions } from './publish-options.js';

/** Who did something and in which request, for the audit line. */
export interface Actor {
  readonly name: string;
  readonly requestId: string;
  readonly client: Client;
}

/**
 * The way in and out: receive, publish, delete, each with its audit line. Errors are those of `PackageStore`, and
 * `overwrite_disabled` and `delete_disabled` where the configuration says so.
 */
@Injectable()
export class PublishingService {
  private readonly audit = new Logger('audit');

  constructor(
    private readonly store: PackageStore,
    private readonly retention: RetentionService,
    private readonly config: Config,
  ) {}

  /**
   * Receives a body under the limits, without making it visible. What can be refused without reading the
   * body is refused first; `begin` is called when reading starts and returns the signal that ends it.
   */
  async receive(
    name: string,
    body: Readable,
    { condition, sha256 }: PublishOptions,
    length: { readonly size?: number | undefined; readonly sizeAtMost?: number | undefined },
    begin: () => AbortSignal,
  ): Promise<StagedPackage> {
    const permitted = await this.permitted(name, condition);
    await this.store.requireCondition(name, permitted).catch((error: unknown) => {
      throw this.refusal(error, condition);
    });
    await this.requireRoom(length.size);
    const maxSize = this.config.max_upload_size;
    return this.store.stage(body, { maxSize, ...length, sha256, signal: begin() });
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

  async publish(
    staged: StagedPackage,
    name: string,
    options: PublishOptions,
    actor: Actor,
  ): Promise<PublishResult> {
    try {
      const permitted = await this.permitted(name, options.condition);
      const result = await this.retention.publish(staged, name, permitted);
      const event = result.replaced === undefined ? 'package.published' : 'package.overwritten';
      this.record(event, result.package, actor);
      return result;
    } catch (error) {
      await this.store.discard(staged);
      throw this.refusal(error, options.condition);
    }
  }

  async discard(staged: StagedPackage): Promise<void> {
    await this.store.discard(staged);
  }

  async remove(name: string, condition: RemoveCondition, actor: Actor): Promise<void> {
    if (!this.config.allow_delete) {
      throw new ProblemError('delete_disabled', 'This server keeps packages: allow_delete is false.');
    }
    this.record('package.deleted', await this.store.remove(name, condition), actor);
  }

  /** What is left of a condition: where packages may not be overwritten, it can only create. */
  private async permitted(name: string, condition: PublishCondition): Promise<PublishCondition> {
    if (this.config.allow_overwrite || condition === 'absent') return condition;
    const existing = await this.store.find(name);
    if (existing !== undefined) throw overwriteDisabled(existing);
    // With nothing to replace, a condition that asks for something fails as it always does.
    if (condition !== 'any') await this.store.requireCondition(name, condition);
    return 'absent';
  }

  /** A name that is taken, in the words of who may not overwrite it. */
  private refusal(error: unknown, condition: PublishCondition): unknown {
    if (this.config.allow_overwrite || !(error instanceof StorageError) || error.code !== 'package_exists') {
      return error;
    }
    const { existing } = error;
    if (existing === undefined) return error;
    if (condition !== 'absent') return overwriteDisabled(existing);
    return new StorageError('package_exists', takenForGood(existing), { existing });
  }

  private record(event: string, { name, sha256, size }: Package, actor: Actor): void {
    const { name: by, requestId, client } = actor;
    const fields = { event, actor: by, name, digest: sha256, size, request_id: requestId, ...client };
    this.audit.log(fields, `${event} ${name}`);
  }
}

function overwriteDisabled(existing: Package): ProblemError {
  const { size, sha256 } = existing;
  return new ProblemError('overwrite_disabled', takenForGood(existing), {
    members: { digest: sha256 === undefined ? null : `sha256:${sha256}`, size },
    headers: { ETag: entityTag(existing) },
  });
}

function takenForGood({ name }: Package): string {
  return `${name} is stored already, and this server keeps it as it is: allow_overwrite is false. Publish under another name.`;
}
