import { fileOf, isFileName, StorageError } from '#storage';

import type { Release } from '#releases';

import { missing } from './github-body.js';

/**
 * The name that a new asset gets. Throws `invalid_parameter` where there is none, as {@link fileNameFor}, and `package_exists` where the
 * release has an asset of that name, be it in its folder or not.
 */
export function assetName(asked: unknown, release: Release): string {
  if (typeof asked !== 'string' || asked === '') throw missing('ReleaseAsset', 'name');
  const name = fileNameFor(asked);
  const existing = release.assets.find((stored) => fileOf(stored) === name);
  if (existing !== undefined) {
    throw new StorageError('package_exists', `${release.tag} has an asset named ${name} already.`, {
      existing,
    });
  }
  return name;
}

/** As GitHub does it, other characters than those of file names become dots. Throws `invalid_package_name` where none is left. */
export function fileNameFor(asked: string): string {
  const name = isFileName(asked) ? asked : withDots(asked);
  if (isFileName(name)) return name;
  throw new StorageError('invalid_package_name', 'An asset cannot have that name.');
}

function withDots(name: string): string {
  return name
    .replaceAll(/[^A-Za-z0-9._+@~-]/g, '.')
    .replaceAll(/\.{2,}/g, '.')
    .replaceAll(/^\.|\.$/g, '');
}
