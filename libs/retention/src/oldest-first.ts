import type { Package } from '#storage';

/** Packages that are newest first the other way round; those of one age by name. Looks only at what is asked for, and at the next. */
export function* oldestFirst(packages: readonly Package[]): Generator<Package, void> {
  for (let end = packages.length; end > 0;) {
    const age = packages[end - 1]?.createdAt;
    let start = end - 1;
    while (start > 0 && packages[start - 1]?.createdAt === age) start -= 1;
    yield* packages.slice(start, end);
    end = start;
  }
}

/** The first so many of those. */
export function oldest(packages: readonly Package[], count: number): Package[] {
  const chosen: Package[] = [];
  for (const one of oldestFirst(packages)) {
    if (chosen.length >= count) break;
    chosen.push(one);
  }
  return chosen;
}
