import { describe, expect, it } from '@jest/globals';

import { prepareCatalog } from '#releases';
import type { Evict, Package, StoreSnapshot } from '#storage';

import { withoutNamesakes } from './namesakes.js';

const NOW = 1_700_000_000_000;

function stored(name: string, at: number): Package {
  return { name, size: 1, createdAt: NOW - at, sha256: undefined, revision: name };
}

/** A list that counts how many of its packages are looked at. */
function counted(packages: readonly Package[]): { list: readonly Package[]; looks: () => number } {
  let looks = 0;
  const list = new Proxy(packages, {
    get(target, key) {
      if (typeof key === 'string' && /^\d/.test(key)) looks++;
      return Reflect.get(target, key) as unknown;
    },
  });
  return { list, looks: () => looks };
}

describe('a publish that is to replace nothing', () => {
  const packages = [
    ...Array.from({ length: 1000 }, (_, at) => `app-v1.${at}.0.zip`),
    'v2.0/app-2.0.zip',
    'latest/plain.zip',
  ].map(stored);
  const { list, looks } = counted(packages);
  const snapshot: StoreSnapshot = { packages: list, drafts: [], releases: new Map() };
  const byName = new Map(packages.map((one) => [one.name, one]));
  const find = (name: string): Package | undefined => byName.get(name);
  const evict = withoutNamesakes(() => []);
  const publish = (name: string, context: Partial<Parameters<Evict>[1]> = { snapshot, find }): unknown =>
    evict(list, {
      incoming: [{ name, size: 1, createdAt: NOW + 1 }],
      releases: snapshot.releases,
      now: NOW,
      ...context,
    });

  const TAKEN = ['v1.7.0/app-v1.7.0.zip', '1.7/app-v1.7.0.zip', 'app-2.0.zip', 'plain.zip'];
  const FREE = ['v1.8.0/app-v1.7.0.zip', 'v1.7.0/other.zip', 'other-2.0.zip', 'app-v3.0.zip', 'other.zip'];

  it.each(TAKEN)('takes no place in a release: %s', (name) => {
    expect(() => publish(name)).toThrow(/has a package named/);
    // Of a store that has nothing at hand.
    expect(() => publish(name, {})).toThrow(/has a package named/);
  });

  it.each(FREE)('is free to come beside others: %s', (name) => {
    expect(publish(name)).toEqual([]);
    expect(publish(name, {})).toEqual([]);
  });

  it('takes nothing that came after the snapshot for one of its release', () => {
    const late = stored('late-v8.0.zip', -1);
    expect(publish('v9.0/late-v8.0.zip', { snapshot, find: () => late })).toEqual([]);
  });

  it.each([...TAKEN, ...FREE])('does not look through all packages: %s', async (name) => {
    await prepareCatalog(snapshot);
    const before = looks();
    try {
      publish(name);
    } catch {
      // Only the work counts here.
    }
    expect(looks() - before).toBe(0);
  });

  it('needs no catalog where there are no folders', () => {
    const { list: flat, looks: looksAt } = counted(packages.slice(0, 1000));
    const unknown: StoreSnapshot = { packages: flat, drafts: [], releases: new Map(), isFlat: true };
    expect(publish('app-v3.0.zip', { snapshot: unknown, find })).toEqual([]);
    expect(looksAt()).toBe(0);
    expect(() => publish('v1.7.0/app-v1.7.0.zip', { snapshot: unknown, find })).toThrow(
      /has a package named/,
    );
  });
});
