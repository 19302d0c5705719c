import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { PackageStore } from '../package-store.js';
import { Bucket } from '../s3/bucket.js';
import { S3PackageStore } from '../s3/s3.driver.js';
import type { S3Options } from '../s3/s3.options.js';
import { spoolIn } from '../s3/spool.js';
import type { PackageStoreHarness } from './harness.js';

/** The real store that the environment names, if it does. */
export const S3_STORE = process.env['S3_ENDPOINT'];

/** Stores below prefixes of their own in the bucket of the environment (`S3_ENDPOINT`, `S3_BUCKET`, `AWS_*`). */
export class S3Harness implements PackageStoreHarness {
  readonly keepsReleases = true;
  private readonly opened = new Map<PackageStore, S3Options>();

  async open(): Promise<PackageStore> {
    return this.openWith(this.options());
  }

  async reopen(store: PackageStore): Promise<PackageStore> {
    return this.openWith(this.optionsOf(store));
  }

  async staged(store: PackageStore): Promise<readonly string[]> {
    return readdir(spoolIn(this.optionsOf(store).spoolPath));
  }

  async destroy(): Promise<void> {
    const used = new Map([...this.opened.values()].map((options) => [options.prefix, options]));
    for (const store of this.opened.keys()) await store.close().catch(() => undefined);
    this.opened.clear();
    for (const options of used.values()) {
      const bucket = await Bucket.connect(options);
      for await (const { key } of bucket.list(options.prefix)) await bucket.delete(key);
      bucket.close();
      await rm(options.spoolPath, { recursive: true, force: true });
    }
  }

  /** Options for a fresh, empty prefix. */
  options(overrides: Partial<S3Options> = {}): S3Options {
    return {
      bucket: process.env['S3_BUCKET'] ?? 'releases',
      prefix: `test/${randomUUID()}/`,
      region: process.env['AWS_REGION'] ?? 'us-east-1',
      endpoint: S3_STORE,
      forcePathStyle: true,
      credentials: undefined,
      spoolPath: join(tmpdir(), `spool-${randomUUID()}`),
      minFreeSpace: 0,
      readOnly: false,
      grace: 3_600_000,
      presignExpires: undefined,
      ...overrides,
    };
  }

  async openWith(options: S3Options): Promise<PackageStore> {
    const store = await S3PackageStore.open(options);
    this.opened.set(store, options);
    return store;
  }

  private optionsOf(store: PackageStore): S3Options {
    const options = this.opened.get(store);
    if (options === undefined) throw new Error('this harness did not open that store');
    return options;
  }
}
