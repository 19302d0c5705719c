import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';

import { DeleteObjectCommand, GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';

import type { Need } from './tools.js';

/** A real store that the environment names: `S3_ENDPOINT`, `S3_BUCKET`, `AWS_*`. */
export const objectStore: Need = () =>
  process.env['S3_ENDPOINT'] === undefined
    ? 'needs an object store (S3_ENDPOINT, S3_BUCKET, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)'
    : undefined;

/** A prefix of its own in the bucket of the environment, looked at past the product. */
export class ObjectStore {
  readonly endpoint = process.env['S3_ENDPOINT'] ?? '';
  readonly bucket = process.env['S3_BUCKET'] ?? 'releases';
  readonly region = process.env['AWS_REGION'] ?? 'us-east-1';
  readonly prefix = `faults/${randomUUID()}/`;
  private readonly client = new S3Client({
    endpoint: this.endpoint,
    region: this.region,
    forcePathStyle: true,
  });

  /** The environment of a server that reaches this prefix at that address. */
  environment(endpoint = this.endpoint): Record<string, string> {
    const credentials = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
    return {
      STORAGE_DRIVER: 's3',
      S3_ENDPOINT: endpoint,
      S3_BUCKET: this.bucket,
      S3_PREFIX: this.prefix,
      S3_REGION: this.region,
      S3_FORCE_PATH_STYLE: 'true',
      ...Object.fromEntries(credentials.map((name) => [name, process.env[name] ?? ''])),
    };
  }

  /** All keys below the prefix. */
  async keys(): Promise<string[]> {
    const pages = paginateListObjectsV2(
      { client: this.client },
      { Bucket: this.bucket, Prefix: this.prefix },
    );
    const keys: string[] = [];
    for await (const { Contents = [] } of pages) keys.push(...Contents.map(({ Key = '' }) => Key));
    return keys;
  }

  async read(key: string): Promise<Buffer> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
    return buffer(Body as Readable);
  }

  /** Removes everything below the prefix. */
  async clear(): Promise<void> {
    for (const key of await this.keys()) {
      await this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }));
    }
    this.client.destroy();
  }
}
