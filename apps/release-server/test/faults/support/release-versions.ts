import { sha256 } from '../../support/client.js';
import { bytesOf, textOf } from '../../support/object-store.js';
import { parseVersion, type ReleaseVersions, type Version } from './index-history.js';
import type { Found } from './load.js';
import type { Releases, ReleaseState } from './release-ledger.js';

const NEVER = { began: 0, ended: 0 };

/** The releases in the index of a bucket, whose bytes are whole. */
export async function releasesInIndex(prefix: string): Promise<Releases> {
  const { releases } = parseVersion(await textOf(`${prefix}index.json`), NEVER);
  for (const [name, { key, sha256: digest }] of releases.packages) {
    const found = await bytesOf(key).then(sha256, () => 'nothing');
    expect(`the blob of ${name} has ${found}`).toBe(`the blob of ${name} has ${digest}`);
  }
  return releasesOf(releases);
}

function releasesOf({ packages, drafts, records }: ReleaseVersions): Releases {
  const found = new Map<string, { isDraft: boolean; files: Map<string, Found> }>();
  for (const tag of records) found.set(tag, { isDraft: drafts.has(tag), files: new Map() });
  for (const [name, { sha256: digest, at }] of packages) {
    const [tag, file] = partsOf(name);
    const release = found.get(tag) ?? { isDraft: false, files: new Map<string, Found>() };
    release.files.set(file, { sha256: digest, createdAt: at });
    found.set(tag, release);
  }
  return found satisfies ReadonlyMap<string, ReleaseState>;
}

/** Where some version of the index has a public release that is neither whole nor what evictions left of it. */
export function partialReleases(versions: readonly Version[]): string[] {
  const problems: string[] = [];
  const inOrder = versions.toSorted((a, b) => a.seq - b.seq);
  for (const [at, { seq, releases: after }] of inOrder.entries()) {
    const before = inOrder[at - 1]?.releases;
    if (before === undefined) continue;
    const evicted = new Set(after.garbage.flatMap(({ key, why }) => (why === 'evicted' ? [key] : [])));
    const whole = [...keysByTag(before).values()];
    for (const [tag, keys] of keysByTag(after)) {
      if (after.drafts.has(tag)) continue;
      const isWhole = whole.some(
        (all) =>
          [...keys].every((key) => all.has(key)) &&
          [...all].every((key) => keys.has(key) || evicted.has(key)),
      );
      if (!isWhole) problems.push(`${tag} is partial in version ${seq}`);
    }
  }
  return problems;
}

function keysByTag({ packages }: ReleaseVersions): ReadonlyMap<string, ReadonlySet<string>> {
  const keys = new Map<string, Set<string>>();
  for (const [name, { key }] of packages) {
    const [tag] = partsOf(name);
    keys.set(tag, (keys.get(tag) ?? new Set()).add(key));
  }
  return keys;
}

function partsOf(name: string): [tag: string, file: string] {
  const [folder = '', file = ''] = name.split('/');
  return [decodeURIComponent(folder), file];
}
