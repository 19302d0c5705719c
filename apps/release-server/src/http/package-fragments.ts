import { setImmediate as nextTurn } from 'node:timers/promises';

import { isSamePackage, type Package } from '#storage';

import { blockOf, fragmentOf, type Fragment, type FragmentBlock } from './fragment.js';

interface Made {
  readonly stored: Package;
  readonly fragment: Fragment;
}

/**
 * What answers say of each package, made once for as long as it is stored as it is: all answers share it, and a publish
 * costs those after it no more than the package that is new, and the block that it is in.
 */
export class PackageFragments {
  private readonly made = new Map<string, Made>();
  private readonly blocks = new WeakMap<readonly Package[], FragmentBlock>();
  readonly separator: Fragment;

  /** @param textOf - What is said of a package. @param separator - What stands between two of them. */
  constructor(
    private readonly textOf: (stored: Package) => string,
    separator: string,
  ) {
    this.separator = fragmentOf(separator);
  }

  /**
   * Those of blocks of packages, in their order: a block that is the same array as before is the same again. Between two
   * that have to be made all other work has a turn. @param stored - How many packages are stored.
   */
  async of(blocks: Iterable<readonly Package[]>, stored: number): Promise<FragmentBlock[]> {
    // What is no longer stored goes with the rest, once it is half of it.
    if (this.made.size > 2 * stored + 100) this.made.clear();
    const found: FragmentBlock[] = [];
    let made = 0;
    for (const packages of blocks) {
      let block = this.blocks.get(packages);
      if (block === undefined) {
        if (made > 0) await nextTurn();
        block = blockOf(
          packages.map((one) => this.one(one)),
          this.separator,
        );
        this.blocks.set(packages, block);
        made += 1;
      }
      found.push(block);
    }
    return found;
  }

  private one(stored: Package): Fragment {
    const known = this.made.get(stored.name);
    if (known !== undefined && isSamePackage(known.stored, stored)) return known.fragment;
    const fragment = fragmentOf(this.textOf(stored));
    this.made.set(stored.name, { stored, fragment });
    return fragment;
  }
}
