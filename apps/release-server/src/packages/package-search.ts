import { setImmediate as nextTurn } from 'node:timers/promises';

import { incrementalOrder, oncePer, type ReleaseCatalog } from '#releases';
import { fileOf, folderTagOf, newestFirst, type Package } from '#storage';

import { DEFAULT_PER_PAGE, defaultOrder, type PackageListQuery } from './package-list.query.js';

/** Blocks of packages that are searched before other work gets its turn. */
const BLOCKS_A_TURN = 16;

/** One page of a selection. */
export interface PackagePage {
  /** In blocks; those of a whole list stay the same from one snapshot to the next but for what changed. */
  readonly blocks: readonly (readonly Package[])[];
  /** Packages in the whole selection. */
  readonly total: number;
  readonly page: number;
  readonly pages: number;
}

/** All orders of which the others are the reverse. Packages of one size are ordered by name. */
const newest = incrementalOrder(newestFirst);
const names = incrementalOrder(byName);
const largest = incrementalOrder((a, b) => b.size - a.size || byName(a, b));
const smallest = incrementalOrder((a, b) => a.size - b.size || byName(a, b));

/**
 * Searches, sorts and cuts; the whole selection where the query asks for no page. Orders are kept from one snapshot of
 * the store to the next, so that a page costs its packages, and a search a look through the names.
 */
export async function searchPackages(catalog: ReleaseCatalog, query: PackageListQuery): Promise<PackagePage> {
  const { q, release, page, per_page: perPage } = query;
  const words = wordsOf(q);
  const members = release === undefined ? undefined : membersOf(catalog, release);
  const sorted = members?.size === 0 ? [] : await sort(catalog.packages, query);
  const found = words.length === 0 && members === undefined ? sorted : await filter(sorted, words, members);
  const total = found.reduce((sum, { length }) => sum + length, 0);
  if (page === undefined && perPage === undefined) return { blocks: found, total, page: 1, pages: 1 };
  const current = page ?? 1;
  const length = perPage ?? DEFAULT_PER_PAGE;
  return {
    blocks: cut(found, (current - 1) * length, current * length),
    total,
    page: current,
    pages: Math.max(1, Math.ceil(total / length)),
  };
}

async function sort(
  packages: readonly Package[],
  query: PackageListQuery,
): Promise<readonly (readonly Package[])[]> {
  const isAscending = orderOf(query) === 'asc';
  switch (query.sort) {
    case 'created_at': {
      const { blocks } = await newest.prepare(packages);
      return isAscending ? reversed(blocks) : blocks;
    }
    case 'name': {
      const { blocks } = await names.prepare(packages);
      return isAscending ? blocks : reversed(blocks);
    }
    case 'size':
      return (await (isAscending ? smallest : largest).prepare(packages)).blocks;
  }
}

function reversed(blocks: readonly (readonly Package[])[]): readonly (readonly Package[])[] {
  return blocks.toReversed().map(reversedBlock);
}

const reversedBlock = oncePer((block: readonly Package[]): readonly Package[] => block.toReversed());
/** With the tags of folders, for one may look for them. */
const lowerCaseNames = oncePer((block: readonly Package[]): readonly string[] =>
  block.map((stored) => `${folderTagOf(stored) ?? ''}/${fileOf(stored)}`.toLowerCase()),
);

/** The names of the packages of a release; none where nothing public has that tag. */
function membersOf(catalog: ReleaseCatalog, tag: string): ReadonlySet<string> {
  const release = catalog.byTag(tag);
  return new Set(release?.hasTag === true ? release.assets.map(({ name }) => name) : []);
}

async function filter(
  blocks: readonly (readonly Package[])[],
  words: readonly string[],
  members: ReadonlySet<string> | undefined,
): Promise<readonly (readonly Package[])[]> {
  const found: (readonly Package[])[] = [];
  for (const [at, block] of blocks.entries()) {
    if (at > 0 && at % BLOCKS_A_TURN === 0) await nextTurn();
    const lowerCase = lowerCaseNames(block);
    const fitting = block.filter(
      ({ name }, index) =>
        members?.has(name) !== false && words.every((word) => lowerCase[index]?.includes(word)),
    );
    if (fitting.length > 0) found.push(fitting);
  }
  return found;
}

/** The packages between two positions, as one block. */
function cut(
  blocks: readonly (readonly Package[])[],
  start: number,
  end: number,
): readonly (readonly Package[])[] {
  const packages: Package[] = [];
  let before = 0;
  for (const block of blocks) {
    if (before >= end) break;
    if (before + block.length > start) {
      packages.push(...block.slice(Math.max(0, start - before), end - before));
    }
    before += block.length;
  }
  return packages.length === 0 ? [] : [packages];
}

/**
 * What a name has to have in it: each word once, the longest first, for few names have that, and none that another one
 * has in it.
 */
function wordsOf(q: string): string[] {
  const words = [...new Set(q.toLowerCase().split(/\s+/).filter(Boolean))].sort(
    (a, b) => b.length - a.length,
  );
  return words.filter((word, index) => !words.slice(0, index).some((longer) => longer.includes(word)));
}

/** The direction that is asked for: without one names ascend, and sizes and times descend. */
export function orderOf({ sort: by, order }: PackageListQuery): 'asc' | 'desc' {
  return order ?? defaultOrder(by);
}

function byName(a: Package, b: Package): number {
  const [ofA, ofB] = [fileOf(a), fileOf(b)];
  return ofA === ofB ? (a.name < b.name ? -1 : 1) : ofA < ofB ? -1 : 1;
}
