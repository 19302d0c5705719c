import { setImmediate as nextTurn } from 'node:timers/promises';

import type { ReleaseCatalog } from '#releases';
import { isSamePackage, type Package } from '#storage';

import { blockOf, fragmentOf, type Fragment, type FragmentBlock } from './fragment.js';

interface Made {
  readonly stored: Package;
  /** What its release makes of it. */
  readonly name: string;
  readonly fragment: Fragment;
}

/**
 * What answers say of each package, made once for as long as it is stored as it is, in the release that it is in: all
 * answers share it, and a publish costs those after it no more than the package that is new, and the block that it is in.
 */
export class PackageFragments {
  private readonly made = new Map<string, Made>();
  private blocks = new WeakMap<readonly Package[], FragmentBlock>();
  private naming: object | undefined;
  private period = 0;
  readonly separator: Fragment;

  /**
   * @param textOf - What is said of a package.
   * @param separator - What stands between two of them.
   * @param periodOf - Changes when the same has to be said otherwise.
   */
  constructor(
    private readonly textOf: (stored: Package, catalog: ReleaseCatalog) => string,
    separator: string,
    private readonly periodOf: () => number = () => 0,
  ) {
    this.separator = fragmentOf(separator);
  }

  /**
   * Those of blocks of packages, in their order: a block that is the same array as before is the same again. Between two
   * that have to be made all other work has a turn. @param catalog - Of the snapshot that the packages are of.
   */
  async of(blocks: Iterable<readonly Package[]>, catalog: ReleaseCatalog): Promise<FragmentBlock[]> {
    // What is no longer stored goes with the rest, once it is half of it.
    if (this.made.size > 2 * catalog.packages.length + 100) this.made.clear();
    const period = this.periodOf();
    if (period !== this.period) this.made.clear();
    if (catalog.naming !== this.naming || period !== this.period) this.blocks = new WeakMap();
    this.naming = catalog.naming;
    this.period = period;
    const found: FragmentBlock[] = [];
    let made = 0;
    for (const packages of blocks) {
      let block = this.blocks.get(packages);
      if (block === undefined) {
        if (made > 0) await nextTurn();
        block = blockOf(
          packages.map((one) => this.one(one, catalog)),
          this.separator,
        );
        this.blocks.set(packages, block);
        made += 1;
      }
      found.push(block);
    }
    return found;
  }

  private one(stored: Package, catalog: ReleaseCatalog): Fragment {
    const name = catalog.nameOf(stored);
    const known = this.made.get(stored.name);
    if (known?.name === name && isSamePackage(known.stored, stored)) return known.fragment;
    const fragment = fragmentOf(this.textOf(stored, catalog));
    this.made.set(stored.name, { stored, name, fragment });
    return fragment;
  }
}
