import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { blobNames, removeObjects } from './object-store.js';

/** The tests run on the object store of the environment instead of a directory. */
export const ON_S3 = process.env['TEST_STORE'] === 's3';

/** `describe` for what needs an object store, wherever the other tests run: without one it is skipped. */
export const describeOnS3 = process.env['S3_ENDPOINT'] === undefined ? describe.skip : describe;

/** `it` for what is about the directory of packages itself, which an object store has not: there it is skipped. */
export const itOnDirectory = ON_S3 ? it.skip : it;

/** The section `s3` of the configuration, for the prefix that stands for that directory. */
export function s3Section(directory: string, endpoint = process.env['S3_ENDPOINT']): Record<string, unknown> {
  return {
    bucket: process.env['S3_BUCKET'],
    prefix: prefixOf(directory),
    region: process.env['AWS_REGION'],
    endpoint,
    force_path_style: true,
    access_key_id: process.env['AWS_ACCESS_KEY_ID'],
    secret_access_key: process.env['AWS_SECRET_ACCESS_KEY'],
    spool_path: join(directory, '.release-server'),
  };
}

/** The keys of the configuration by which a server stores where the tests are to run. */
export function storageConfig(directory: string): Record<string, unknown> {
  const s3 = { storage_driver: 's3', s3: s3Section(directory) };
  return { storage_path: directory, ...(ON_S3 ? s3 : {}) };
}

/** The same as variables of the environment; of a store with that address, on it wherever the tests run. */
export function storageEnvironment(directory: string, endpoint?: string): Record<string, string> {
  if (!ON_S3 && endpoint === undefined) return { STORAGE_PATH: directory };
  const section = Object.entries(s3Section(directory, endpoint)).map(([key, value]) => [
    `S3_${key.toUpperCase()}`,
    String(value),
  ]);
  return { STORAGE_PATH: directory, STORAGE_DRIVER: 's3', ...(Object.fromEntries(section) as object) };
}

/** The names of what lies there, listed or not. */
export async function storedIn(directory: string): Promise<string[]> {
  if (ON_S3) return blobNames(prefixOf(directory));
  return (await readdir(directory)).filter((name) => !name.startsWith('.'));
}

/** Files of uploads that are under way, or were left over: to a directory, or in the spool of a bucket. */
export async function stagedIn(directory: string): Promise<string[]> {
  const own = join(directory, '.release-server');
  const isSpool = (await readdir(own)).includes('release-server-spool');
  return readdir(join(own, isSpool ? 'release-server-spool' : 'incoming'));
}

/** The same, and versions that were withdrawn and not let go. */
export async function leftIn(directory: string): Promise<string[]> {
  const withdrawn = ON_S3 ? [] : await readdir(join(directory, '.release-server', 'trash'));
  return [...(await stagedIn(directory)), ...withdrawn];
}

/** Removes what lies in the store for a directory. */
export async function removeStored(directory: string): Promise<void> {
  if (ON_S3) await removeObjects(prefixOf(directory));
}

export function prefixOf(directory: string): string {
  return `test/${relative(tmpdir(), directory)}/`;
}
