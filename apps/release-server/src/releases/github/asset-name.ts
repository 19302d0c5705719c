import { fileOf, isFileName, StorageError } from '#storage';

import type { Release } from '#releases';

import { missing } from './github-body.js';

/**
 * The name that an asset gets: as GitHub does it, other characters than those of file names become dots. Throws
 * `invalid_parameter` where there is none, `invalid_package_name` where none is left, and `package_exists` where the
 * release has an asset of that name, be it in its folder or not.
 */
export function assetName(asked: unknown, release: Release): string {
  if (typeof asked !== 'string' || asked === '') throw missing('ReleaseAsset', 'name');
  const name = isFileName(asked) ? asked : withDots(asked);
  if (!isFileName(name)) {
    throw new StorageError('invalid_package_name', 'An asset cannot have that name.');
  }
  const existing = release.assets.find((stored) => fileOf(stored) === name);
  if (existing !== undefined) {
    throw new StorageError('package_exists', `${release.tag} has an asset named ${name} already.`, {
      existing,
    });
  }
  return name;
}

function withDots(name: string): string {
  return name
    .replaceAll(/[^A-Za-z0-9._+@~-]/g, '.')
    .replaceAll(/\.{2,}/g, '.')
    .replaceAll(/^\.|\.$/g, '');
}
