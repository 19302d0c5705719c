import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Config } from './config.js';
import { configSchema } from './config.schema.js';
import { linkKey } from './link-key.factory.js';
import { s3Options } from './storage.factory.js';

describe('a secret in a file', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'secret-'));
    path = join(directory, 'secret');
  });

  afterEach(() => rm(directory, { recursive: true }));

  const configOf = (values: Record<string, unknown>): Config =>
    new Config(configSchema.parse(values), () => 'config.yaml:1');
  const bucketWith = (file: string): Config => {
    const s3 = { bucket: 'b', region: 'r', access_key_id: 'id', secret_access_key_file: file };
    return configOf({ storage_driver: 's3', s3 });
  };

  it('is what the value itself would be, with or without a line break at its end', async () => {
    await writeFile(path, 'a-key-of-some-characters\n');
    expect(linkKey(configOf({ link_key_file: path }))).toEqual(
      linkKey(configOf({ link_key: 'a-key-of-some-characters' })),
    );
    expect(linkKey(configOf({ auth_token_file: path }))).toEqual(
      linkKey(configOf({ auth_token: 'a-key-of-some-characters' })),
    );
    expect(s3Options(bucketWith(path))?.credentials?.secretAccessKey).toBe('a-key-of-some-characters');
  });

  it.each([
    ['is empty', ' \n', 'it is empty'],
    ['cannot be read', undefined, 'ENOENT: no such file or directory'],
  ])('is refused where the file %s, by the name of its key', async (_, content, why) => {
    if (content !== undefined) await writeFile(path, content);
    const unusable = `${path} cannot be used: ${why}`;
    const named = (key: string): RegExp => new RegExp(`^config\\.yaml:1: ${key}: ${unusable}`);
    expect(() => linkKey(configOf({ link_key_file: path }))).toThrow(named('link_key_file'));
    expect(() => linkKey(configOf({ auth_token_file: path }))).toThrow(named('auth_token_file'));
    expect(() => s3Options(bucketWith(path))).toThrow(named('s3: secret_access_key_file'));
  });

  it('is refused as a key of signed links where it is as short as link_key may not be', async () => {
    await writeFile(path, 'short');
    expect(() => linkKey(configOf({ link_key_file: path }))).toThrow(
      `config.yaml:1: link_key_file: ${path} cannot be used: expected at least 16 characters`,
    );
  });
});
