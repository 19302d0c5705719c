import type { Readable } from 'node:stream';

import { Injectable, Logger } from '@nestjs/common';

import { RetentionService } from '#retention';
import {
  PackageStore,
  StorageError,
  type Package,
  type PublishResult,
  type RemoveCondition,
  type StagedPackage,
} from '#storage';

import { Config } from '../config/config.js';
import type { PublishOptions } from './publish-options.js';

/** Who did something and in which request, for the audit line. */
export interface Actor {
  readonly name: string;
  readonly requestId: string;
}

/** The way in and out: receive, publish, delete, each with its audit line. Errors are those of `PackageStore`. */
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
    await this.store.requireCondition(name, condition);
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
      const result = await this.retention.publish(staged, name, options.condition);
      const event = result.replaced === undefined ? 'package.published' : 'package.overwritten';
      this.record(event, result.package, actor);
      return result;
    } catch (error) {
      await this.store.discard(staged);
      throw error;
    }
  }

  async discard(staged: StagedPackage): Promise<void> {
    await this.store.discard(staged);
  }

  async remove(name: string, condition: RemoveCondition, actor: Actor): Promise<void> {
    this.record('package.deleted', await this.store.remove(name, condition), actor);
  }

  private record(event: string, { name, sha256, size }: Package, actor: Actor): void {
    const fields = { event, actor: actor.name, name, digest: sha256, size, request_id: actor.requestId };
    this.audit.log(fields, `${event} ${name}`);
  }
}
