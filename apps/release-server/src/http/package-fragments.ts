import type { Package } from '#storage';

import { fragmentOf, type Fragment } from './fragment.js';

interface Made {
  readonly stored: Package;
  readonly fragment: Fragment;
}

/**
 * What answers say of each package, made once for as long as it is stored as it is: all answers share it, and a publish
 * costs those after it no more than the package that is new.
 */
export class PackageFragments {
  private readonly made = new Map<string, Made>();

  /** @param textOf - What is said of a package. */
  constructor(private readonly textOf: (stored: Package) => string) {}

  /** Those of some of the packages that are stored, in their order. @param stored - How many are stored. */
  of(packages: readonly Package[], stored: number): Fragment[] {
    // What is no longer stored goes with the rest, once it is half of it.
    if (this.made.size > 2 * stored + 100) this.made.clear();
    return packages.map((one) => this.one(one));
  }

  private one(stored: Package): Fragment {
    const known = this.made.get(stored.name);
    if (known !== undefined && isSame(known.stored, stored)) return known.fragment;
    const fragment = fragmentOf(this.textOf(stored));
    this.made.set(stored.name, { stored, fragment });
    return fragment;
  }
}

/** Stores give the same object for an unchanged package, or one that is equal. */
function isSame(one: Package, other: Package): boolean {
  return (
    one === other ||
    (one.revision === other.revision &&
      one.createdAt === other.createdAt &&
      one.size === other.size &&
      one.sha256 === other.sha256)
  );
}
