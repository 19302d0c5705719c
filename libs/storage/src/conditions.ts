import { isFileName, isPackageName, PACKAGE_NAME_RULE } from './package-name.js';
import type { Package } from './package-reader.js';
import type { PublishCondition } from './package-store.js';
import { StorageError } from './storage.errors.js';

/** Throws `invalid_package_name` for what is not the name of a file. */
export function assertFileName(name: string): void {
  if (!isFileName(name)) throw invalidName();
}

/** Throws `invalid_package_name`. */
export function assertPackageName(name: string): void {
  if (!isPackageName(name)) throw invalidName();
}

function invalidName(): StorageError {
  return new StorageError('invalid_package_name', `This is not a package name: ${PACKAGE_NAME_RULE}.`);
}

/** Decides a condition on what is stored: throws `package_exists` or `precondition_failed`. The same for every store. */
export function assertCondition(
  name: string,
  condition: PublishCondition,
  existing: Package | undefined,
): void {
  if (condition === 'any') return;
  if (condition === 'absent') {
    if (existing !== undefined) throw alreadyExists(name, existing);
    return;
  }
  if (existing === undefined) {
    throw new StorageError(
      'precondition_failed',
      `${name} is not stored, so it is not the expected version.`,
    );
  }
  if (condition !== 'present' && !condition.revisions.includes(existing.revision)) {
    throw new StorageError(
      'precondition_failed',
      `${name} is stored as another version than the expected one.`,
      {
        existing,
      },
    );
  }
}

/** The refusal of a name that is taken. */
export function alreadyExists(name: string, existing: Package | undefined): StorageError {
  return new StorageError('package_exists', `${name} is stored already; add ?overwrite=true to replace it.`, {
    existing,
  });
}

/** The refusal of a name that something else than a package has. @param what - That, with its article. */
export function nameOccupied(name: string, what: string): StorageError {
  return new StorageError(
    'package_exists',
    `Under ${name} lies ${what}, not a package: move it out of the storage directory, or publish under another name.`,
  );
}

/** The error of a store that has no package of this name. */
export function notFound(name: string): StorageError {
  return new StorageError('package_not_found', `There is no package named ${name}.`);
}
