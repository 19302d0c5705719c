import { randomUUID } from 'node:crypto';

import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

/** The real store that the environment names, if it does. */
export const S3_ENDPOINT = process.env['S3_ENDPOINT'];

/** A prefix of our own in the bucket of the environment. */
export class TestPrefix {
  readonly bucket = process.env['S3_BUCKET'] ?? 'releases';
  readonly prefix = `test/${randomUUID()}/`;
  private readonly client = new S3Client({
    endpoint: S3_ENDPOINT ?? '',
    region: process.env['AWS_REGION'] ?? 'us-east-1',
    forcePathStyle: true,
  });

  /** The section `s3` of a configuration, and the driver. */
  config(spoolPath: string): string {
    return [
      'storage_driver: s3',
      's3:',
      `  bucket: ${this.bucket}`,
      `  prefix: ${this.prefix}`,
      `  endpoint: ${S3_ENDPOINT}`,
      '  force_path_style: true',
      `  spool_path: ${spoolPath}`,
      '',
    ].join('\n');
  }

  async keys(): Promise<string[]> {
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const page: { Contents?: { Key?: string }[]; NextContinuationToken?: string } = await this.client.send(
        new ListObjectsV2Command({ Bucket: this.bucket, Prefix: this.prefix, ContinuationToken: token }),
      );
      keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return keys;
  }

  async put(key: string, content: string): Promise<void> {
    const Key = `${this.prefix}${key}`;
    await this.client.send(new PutObjectCommand({ Bucket: this.bucket, Key, Body: Buffer.from(content) }));
  }

  async delete(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: `${this.prefix}${key}` }));
  }

  /** Removes everything. */
  async destroy(): Promise<void> {
    for (const key of await this.keys()) await this.delete(key.slice(this.prefix.length));
    this.client.destroy();
  }
}
