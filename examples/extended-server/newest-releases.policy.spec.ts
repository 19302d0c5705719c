import { NO_RELEASES, type Eviction, type Package } from 'release-server';

import { NewestReleasesPolicy } from './newest-releases.policy.js';

/** Packages of these names, each published a millisecond after the one before. */
function stored(...names: readonly string[]): Package[] {
  return names.map((name, at) => ({ name, createdAt: at, size: 1, sha256: undefined, revision: `${at}` }));
}

function evictions(keep: number, names: readonly string[], incoming?: string): string[] {
  const arriving = incoming === undefined ? [] : [{ name: incoming, size: 1, createdAt: 1000 }];
  const context = { incoming: arriving, releases: NO_RELEASES, now: 1000 };
  const evicted = new NewestReleasesPolicy(keep).selectEvictions(stored(...names), context);
  return evicted.map((one) => one.package.name);
}

describe('NewestReleasesPolicy', () => {
  const one = ['a-v1.0.0.zip', 'b-v1.0.0.zip'];
  const two = ['a-v2.0.0.zip', 'b-v2.0.0.zip'];
  const three = ['a-v3.0.0.zip', 'b-v3.0.0.zip'];
  const candidate = ['a-v4.0.0-rc.1.zip', 'b-v4.0.0-rc.1.zip'];

  it.each<[string, number, readonly string[], string | undefined, readonly string[]]>([
    ['nothing from an empty store', 1, [], 'a-v1.0.0.zip', []],
    ['nothing while there is room for another release', 2, one, 'a-v2.0.0.zip', []],
    ['all of the oldest release for the first package of another', 2, [...one, ...two], 'a-v3.0.0.zip', one],
    ['nothing more for its next package', 2, [...two, 'a-v3.0.0.zip'], 'b-v3.0.0.zip', []],
    ['nothing for an overwrite', 2, [...one, ...two], 'b-v1.0.0.zip', []],
    ['a pre-release before any other', 2, [...one, ...candidate], 'a-v5.0.0.zip', candidate],
    [
      'not the pre-release that is being published',
      2,
      [...one, ...two, candidate[0] ?? ''],
      candidate[1],
      one,
    ],
    ['by time, and not by version', 2, [...two, ...one], 'a-v3.0.0.zip', two],
    ['a release as old as its newest package', 2, [one[0] ?? '', ...two, one[1] ?? ''], 'a-v3.0.0.zip', two],
    ['what is too much for a package without a version', 1, [...one, ...two], 'notes.txt', one],
    ['nothing without a version', 1, ['notes.txt', ...one, 'keys.asc'], 'a-v2.0.0.zip', one],
    ['what is too much at a start', 1, [...one, ...three, ...two], undefined, [...one, ...three]],
    ['nothing at a start within the limit', 2, [...one, ...two], undefined, []],
    [
      'nothing for a name with the tag in another spelling',
      1,
      ['a-v1.0.0.zip'],
      'b-1.0.0-linux-x64.tar.gz',
      [],
    ],
  ])('evicts %s', (_, keep, names, incoming, expected) => {
    expect(evictions(keep, names, incoming).toSorted()).toEqual(expected.toSorted());
  });

  it('lets of two releases of one age the lower version leave, with its newest package first', () => {
    const packages = stored('a-v10.0.0.zip', 'a-v9.0.0.zip', 'b-9.0.zip').map((each) => ({
      ...each,
      createdAt: each.name === 'a-v9.0.0.zip' ? 1 : 2,
    }));

    const evicted = new NewestReleasesPolicy(1).selectEvictions(packages, {
      incoming: [],
      releases: NO_RELEASES,
      now: 0,
    });

    expect(evicted.map((eviction) => eviction.package.name)).toEqual(['b-9.0.zip', 'a-v9.0.0.zip']);
  });

  it('decides the same in whatever order the packages come', () => {
    const policy = new NewestReleasesPolicy(1);
    const packages = Object.freeze(stored(...two, ...candidate, ...one));
    const context = { incoming: [], releases: NO_RELEASES, now: 1000 };
    const names = (chosen: readonly Eviction[]): string[] =>
      chosen.map((eviction) => eviction.package.name).toSorted();

    const evicted = policy.selectEvictions(packages, context);

    expect(names(evicted)).toEqual([...two, ...candidate].toSorted());
    expect(names(policy.selectEvictions(packages.toReversed(), context))).toEqual(names(evicted));
  });
});
