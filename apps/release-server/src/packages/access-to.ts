import type { Access, Scope } from '#auth';
import { packageVersion } from '#releases';
import { fileOf, folderTagOf } from '#storage';

/** What is asked to be done to the package of that name. In no folder, its release is the version in its name. */
export function accessTo(scope: Scope, name: string): Access {
  return { scope, file: fileOf({ name }), release: folderTagOf({ name }) ?? packageVersion({ name })?.tag };
}
