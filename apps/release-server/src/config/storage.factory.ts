import { FilesystemPackageStore, S3PackageStore, type S3Options, type StorageOptions } from '#storage';

import type { Config } from './config.js';
import { secretIn } from './secret-file.js';

/** The store that the configuration asks for. The one place that tells one driver from another. */
export function storageOptions(config: Config, readOnly = config.read_only): StorageOptions {
  const s3 = s3Options(config, readOnly);
  if (s3 !== undefined) return { open: () => S3PackageStore.open(s3) };
  const { storage_path: path, min_free_space: minFreeSpace } = config;
  return { open: () => FilesystemPackageStore.open({ path, minFreeSpace, readOnly }) };
}

/** The bucket, where the configuration asks for one. */
export function s3Options(config: Config, readOnly = config.read_only): S3Options | undefined {
  const { storage_driver: driver, s3 } = config;
  if (driver !== 's3' || s3 === undefined) return undefined;
  const inFile = (key: 'access_key_id_file' | 'secret_access_key_file'): string | undefined => {
    const path = s3[key];
    return path === undefined ? undefined : secretIn(config, path, 's3', key);
  };
  const accessKeyId = s3.access_key_id ?? inFile('access_key_id_file');
  const secretAccessKey = s3.secret_access_key ?? inFile('secret_access_key_file');
  return {
    bucket: s3.bucket,
    prefix: s3.prefix,
    region: s3.region,
    endpoint: s3.endpoint,
    forcePathStyle: s3.force_path_style,
    credentials:
      accessKeyId === undefined || secretAccessKey === undefined
        ? undefined
        : { accessKeyId, secretAccessKey },
    spoolPath: s3.spool_path,
    minFreeSpace: config.min_free_space,
    readOnly,
    grace: s3.grace,
    presignExpires: s3.redirect_downloads ? s3.presign_expires : undefined,
  };
}
