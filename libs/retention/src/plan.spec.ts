import * as fc from 'fast-check';

import { newestFirst, nameInRelease, type Package, type ReleaseRecord } from '#storage';

import { defaultPolicy } from './default-policy.js';
import type { RetentionRules } from './retention.options.js';
import type { RetentionContext } from './retention.policy.js';

const DAY = 86_400_000;
const NOW = 1000 * DAY;
const NO_RULES: RetentionRules = {
  evict: 'packages',
  keepReleases: null,
  keepPrereleases: null,
  maxAgeMs: null,
  protect: [],
  protectLatest: false,
};

type Rules = Partial<RetentionRules & { maxPackages: number | null }>;

/** By the name in the store and the day on which it came; `v1/a` lies in the folder of v1. */
function stored(days: Readonly<Record<string, number>>): Package[] {
  const packages = Object.entries(days).map(([name, day]) => packageOf(name, day));
  return packages.toSorted(newestFirst);
}

function packageOf(name: string, day: number): Package {
  const at = name.lastIndexOf('/');
  const own = at < 0 ? name : nameInRelease(name.slice(0, at), name.slice(at + 1));
  return { name: own, createdAt: day * DAY, size: 1, sha256: undefined, revision: `${name}@${day}` };
}

function record(tag: string, fields: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return { tag, isDraft: false, createdAt: 0, updatedAt: 0, ...fields };
}

function contextOf(
  packages: readonly Package[],
  records: readonly ReleaseRecord[],
  incoming: readonly string[],
): RetentionContext {
  const releases = new Map(records.map((one) => [one.tag, one]));
  const public_ = new Map(records.filter(({ isDraft }) => !isDraft).map((one) => [one.tag, one]));
  return {
    incoming: incoming.map((name) => packageOf(name, NOW / DAY)),
    releases,
    snapshot: { packages, drafts: [], releases: public_ },
    now: NOW,
    find: (name) => packages.find((one) => one.name === name),
  };
}

/** What leaves, each with its reason. */
function leaving(
  rules: Rules,
  days: Readonly<Record<string, number>>,
  incoming: readonly string[] = [],
  records: readonly ReleaseRecord[] = [],
): [string, string][] {
  const { maxPackages = null, ...others } = rules;
  const policy = defaultPolicy({ maxPackages, readOnly: false, rules: { ...NO_RULES, ...others } });
  const packages = stored(days);
  const evicted = policy.selectEvictions(packages, contextOf(packages, records, incoming));
  return evicted.map(({ package: { name }, reason }) => [name, reason]);
}

function namesLeaving(...asked: Parameters<typeof leaving>): string[] {
  return leaving(...asked).map(([name]) => name);
}

describe('by max_age', () => {
  const rules = { maxAgeMs: 10 * DAY };

  it('packages leave at that age, the oldest first, with the reason', () => {
    expect(leaving(rules, { 'a-v1.0.zip': 989, 'b-v1.0.zip': 990, 'c-v2.0.zip': 991 })).toEqual([
      ['a-v1.0.zip', 'older than max_age (10d)'],
      ['b-v1.0.zip', 'older than max_age (10d)'],
    ]);
  });

  it('a package is as old as the publication of its draft', () => {
    const days = { 'v1.0/a': 900, 'v2.0/a': 900 };
    const records = [record('v1.0', { publishedAt: 995 * DAY }), record('v2.0', { publishedAt: 901 * DAY })];
    expect(namesLeaving(rules, days, [], records)).toEqual(['v2.0/a']);
    expect(namesLeaving({ ...rules, evict: 'releases' }, days, [], records)).toEqual(['v2.0/a']);
  });

  it('a release leaves whole, and not before its newest package is old enough', () => {
    const days = {
      'a-v1.0.zip': 900,
      'b-v1.0.zip': 995,
      'a-v2.0.zip': 901,
      'b-v2.0.zip': 902,
      'notes.txt': 900,
    };
    expect(namesLeaving({ ...rules, evict: 'releases' }, days)).toEqual([
      'notes.txt',
      'a-v2.0.zip',
      'b-v2.0.zip',
    ]);
  });

  it('what is being published stays', () => {
    expect(namesLeaving(rules, { 'a-v1.0.zip': 900 }, ['a-v1.0.zip'])).toEqual([]);
    expect(namesLeaving({ ...rules, evict: 'releases' }, { 'v1.0/a': 900 }, ['v1.0/b'])).toEqual([]);
  });
});

describe('by keep_releases and keep_prereleases', () => {
  const days = {
    'a-v1.0.zip': 1,
    'b-v1.0.zip': 1,
    'v2.0/a': 2,
    'a-v3.0.zip': 3,
    'a-v4.0.0-rc.1.zip': 4,
    'a-v4.0.0-rc.2.zip': 5,
    'notes.txt': 0,
  };

  it.each<[string, Rules, readonly string[], string[]]>([
    ['nothing within the limit', { keepReleases: 3, keepPrereleases: 2 }, [], []],
    ['whole releases, the oldest first', { keepReleases: 1 }, [], ['a-v1.0.zip', 'b-v1.0.zip', 'v2.0/a']],
    ['pre-releases on their own', { keepPrereleases: 1 }, [], ['a-v4.0.0-rc.1.zip']],
    ['one more for a new release', { keepReleases: 3 }, ['a-v5.0.zip'], ['a-v1.0.zip', 'b-v1.0.zip']],
    ['none for another package of a release', { keepReleases: 3 }, ['c-v1.0.zip'], []],
    ['the oldest but for the one that is added to', { keepReleases: 2 }, ['c-v1.0.zip'], ['v2.0/a']],
    ['none for a package without a version', { keepReleases: 3 }, ['other.txt'], []],
    ['no stable one for a pre-release', { keepReleases: 3, keepPrereleases: 3 }, ['a-v5.0.0-rc.1.zip'], []],
    ['a pre-release for another', { keepPrereleases: 2 }, ['v5.0.0-rc.1/a'], ['a-v4.0.0-rc.1.zip']],
  ])('lets leave %s', (_, rules, incoming, expected) => {
    expect(namesLeaving(rules, days, incoming)).toEqual(expected);
    expect(namesLeaving({ ...rules, evict: 'releases' }, days, incoming)).toEqual(expected);
  });

  it('says why', () => {
    expect(leaving({ keepReleases: 2 }, days)[0]).toEqual([
      'a-v1.0.zip',
      'not of the newest 2 releases (keep_releases)',
    ]);
    expect(leaving({ keepPrereleases: 1 }, days)[0]?.[1]).toBe(
      'not of the newest 1 pre-releases (keep_prereleases)',
    );
  });

  it('goes by the record, and counts no release without packages', () => {
    const records = [record('v3.0', { isPrerelease: true }), record('v9.0')];
    expect(namesLeaving({ keepReleases: 1 }, days, [], records)).toEqual(['a-v1.0.zip', 'b-v1.0.zip']);
  });

  it('keeps a release whole of which a package is protected, beside the newest', () => {
    expect(namesLeaving({ keepReleases: 1, protect: ['b-*'] }, days)).toEqual(['v2.0/a']);
    expect(namesLeaving({ keepReleases: 1, protect: ['v2.0'] }, days)).toEqual(['a-v1.0.zip', 'b-v1.0.zip']);
  });

  it('takes a draft that is published for the newest', () => {
    const records = [record('v5.0', { publishedAt: NOW })];
    expect(namesLeaving({ keepReleases: 3 }, days, ['v5.0/a', 'v5.0/b'], records)).toEqual([
      'a-v1.0.zip',
      'b-v1.0.zip',
    ]);
    const pre = [record('v5.0', { publishedAt: NOW, isPrerelease: true })];
    expect(namesLeaving({ keepReleases: 3 }, days, ['v5.0/a', 'v5.0/b'], pre)).toEqual([]);
  });
});

describe('by max_packages', () => {
  const days = { 'a-v1.0.zip': 1, 'b-v1.0.zip': 2, 'v2.0/a': 3, 'v2.0/b': 4, 'notes.txt': 2.5 };

  it.each<[string, Rules, readonly string[], string[]]>([
    ['nothing within the limit', { maxPackages: 6, evict: 'releases' }, ['x.txt'], []],
    [
      'a whole release for one package',
      { maxPackages: 5, evict: 'releases' },
      ['x.txt'],
      ['a-v1.0.zip', 'b-v1.0.zip'],
    ],
    [
      'what has no version in its turn',
      { maxPackages: 3, evict: 'releases' },
      ['x.txt'],
      ['a-v1.0.zip', 'b-v1.0.zip', 'notes.txt'].toSorted(),
    ],
    ['nothing for an overwrite', { maxPackages: 1, evict: 'releases' }, ['notes.txt'], []],
    ['the oldest that is not protected', { maxPackages: 5, protect: ['a-*'] }, ['x.txt'], ['b-v1.0.zip']],
    ['no package of a protected tag', { maxPackages: 5, protect: ['v1.0'] }, ['x.txt'], ['notes.txt']],
    [
      'not the latest',
      { maxPackages: 2, protectLatest: true },
      [],
      ['a-v1.0.zip', 'b-v1.0.zip', 'notes.txt'],
    ],
    [
      'not the release that is added to',
      { maxPackages: 5, evict: 'releases' },
      ['c-v1.0.zip'],
      ['notes.txt'],
    ],
    ['what is too much at a start', { maxPackages: 4, evict: 'releases' }, [], ['a-v1.0.zip', 'b-v1.0.zip']],
  ])('lets leave %s', (_, rules, incoming, expected) => {
    expect(namesLeaving(rules, days, incoming).toSorted()).toEqual(expected.toSorted());
  });

  it('says for what', () => {
    expect(leaving({ maxPackages: 5, evict: 'releases' }, days, ['x.txt'])[0]?.[1]).toBe(
      'made room for x.txt',
    );
    expect(leaving({ maxPackages: 4, evict: 'releases' }, days)[0]?.[1]).toBe('over max_packages (4)');
  });

  it.each<[string, Rules, readonly string[]]>([
    ['protected by *', { maxPackages: 5, protect: ['*'] }, ['x.txt']],
    [
      'protected by protect_latest, protected by a-*',
      { maxPackages: 3, protectLatest: true, protect: ['a-*'] },
      ['x', 'y'],
    ],
    ['protected by its publication', { maxPackages: 2, evict: 'releases' }, ['v2.0/c']],
    ['less than what comes', { maxPackages: 2, evict: 'releases' }, ['v3.0/a', 'v3.0/b', 'v3.0/c']],
  ])('refuses what cannot be kept to: %s', (why, rules, incoming) => {
    const sorted = why.split(', ').toSorted();
    expect(() => leaving(rules, days, incoming)).toThrow(
      expect.objectContaining({
        code: 'retention_limit_reached',
        message: expect.stringContaining(sorted[0] ?? '') as string,
      }),
    );
    expect(leaving({ ...rules, maxPackages: 1 }, days).length).toBeLessThanOrEqual(5);
  });
});

describe('protect_latest', () => {
  const days = { 'v1.0/a': 1, 'v2.0/a': 2, 'v1.5/a': 3, 'v3.0.0-rc.1/a': 4 };
  const others = ['v1.0/a', 'v1.5/a', 'v3.0.0-rc.1/a'];
  const marked = [record('v1.0', { latest: 5 })];

  it.each<[string, number, readonly string[], readonly ReleaseRecord[], string[]]>([
    ['the highest stable one', 1, [], [], others],
    ['one that is marked as well', 2, [], marked, ['v1.5/a', 'v3.0.0-rc.1/a']],
    ['not what is outdone by what comes', 1, ['v3.0/a'], [], ['v1.0/a', 'v2.0/a', 'v1.5/a', 'v3.0.0-rc.1/a']],
    ['what is marked also then', 2, ['v3.0/a'], marked, ['v2.0/a', 'v1.5/a', 'v3.0.0-rc.1/a']],
  ])('keeps %s', (_, maxPackages, incoming, records, expected) => {
    expect(namesLeaving({ maxPackages, protectLatest: true }, days, incoming, records)).toEqual(expected);
  });

  it.each(['v2.1.0-rc.1/a', 'v0.9/a', 'x.txt'])('does not take %s for a higher one', (incoming) => {
    expect(() => leaving({ maxPackages: 1, protectLatest: true }, days, [incoming])).toThrow(
      'protect_latest',
    );
  });
});

describe('what is asked beforehand', () => {
  const days = { 'v1.0/a': 980, 'v1.0/b': 985, 'a-v2.0.zip': 984, 'notes.txt': 986, 'keep.txt': 981 };

  function asked(rules: Rules) {
    const { maxPackages = null, ...others } = rules;
    const policy = defaultPolicy({ maxPackages, readOnly: false, rules: { ...NO_RULES, ...others } });
    const packages = stored(days);
    const context = contextOf(packages, [], []);
    const explained = policy.explain?.(context);
    return {
      due: policy.dueAt?.(context.snapshot, NOW),
      of: Object.fromEntries(
        packages.map((one) => {
          const at = explained?.leavesAt(one);
          return [one.name, [explained?.whyStays(one), at === undefined ? undefined : at / DAY]];
        }),
      ),
    };
  }

  it('is why each package stays, and when it leaves by its age', () => {
    const { due, of } = asked({ maxAgeMs: 20 * DAY, protect: ['keep.*'], protectLatest: true });
    expect(of).toEqual({
      'v1.0/a': [undefined, 1000],
      'v1.0/b': ['within the limits', 1005],
      'a-v2.0.zip': ['protected by protect_latest', undefined],
      'notes.txt': ['within the limits', 1006],
      'keep.txt': ['protected by keep.*', undefined],
    });
    expect(due).toBe(NOW);
  });

  it.each<[Rules, number | undefined]>([
    [{ maxAgeMs: 30 * DAY }, 1010],
    [{ maxAgeMs: 30 * DAY, protect: ['v1.0'] }, 1011],
    [{ maxAgeMs: 30 * DAY, evict: 'releases' }, 1011],
    [{ maxAgeMs: 30 * DAY, evict: 'releases', protect: ['keep.*', 'a-*'] }, 1015],
    [{ maxAgeMs: 30 * DAY, protect: ['*'] }, undefined],
    [{ keepReleases: 9 }, undefined],
    [{ keepReleases: 1 }, undefined],
  ])('is when the next leaves by %j', (rules, expected) => {
    const { due } = asked(rules);
    expect(due === undefined ? undefined : due / DAY).toBe(expected);
  });

  it('is of whole releases where these leave', () => {
    expect(asked({ maxAgeMs: 30 * DAY, evict: 'releases', protect: ['b'] }).of).toMatchObject({
      'v1.0/a': ['protected by b', undefined],
      'a-v2.0.zip': ['within the limits', 1014],
    });
  });
});

it('leaves the same by the rules of nothing but the number as by the number alone', () => {
  const days = fc.dictionary(
    fc.constantFrom('a-v1.0', 'b-v1.0', 'a-v2.0', 'v3.0/a', 'v3.0/b', 'c', 'd'),
    fc.integer({ min: 1, max: 4 }),
  );
  fc.assert(
    fc.property(
      days,
      fc.integer({ min: 1, max: 8 }),
      fc.option(fc.constantFrom('c', 'a-v1.0', 'v3.0/c', 'new')),
      (all, maxPackages, coming) => {
        const incoming = coming === null ? [] : [coming];
        const byNumber = namesLeaving({ maxPackages }, all, incoming);
        // A pattern that fits nothing is a rule.
        expect(namesLeaving({ maxPackages, protect: ['nothing'] }, all, incoming)).toEqual(
          byNumber.filter((name) => name !== coming),
        );
      },
    ),
  );
});

it('never lets leave what is protected or comes, keeps to each limit, and decides the same again', () => {
  const names = [
    'a-v1.0',
    'b-v1.0',
    'a-v2.0',
    'v3.0/a',
    'v3.0/b',
    'c',
    'a-v4.0-rc.1',
    'b-v4.0-rc.1',
    'v4.0-rc.2/a',
    'd',
  ] as const;
  const limit = fc.option(fc.integer({ min: 1, max: 4 }));
  const given = fc.record({
    evict: fc.constantFrom('packages' as const, 'releases' as const),
    maxPackages: fc.option(fc.integer({ min: 1, max: 10 })),
    keepReleases: limit,
    keepPrereleases: limit,
    maxAgeMs: fc.option(fc.constantFrom(2 * DAY, 5 * DAY)),
    protect: fc.subarray(['v3.0', 'a-*', 'c', 'v4*']),
    protectLatest: fc.boolean(),
  });
  const days = fc.dictionary(fc.constantFrom(...names), fc.integer({ min: 990, max: 999 }));
  fc.assert(
    fc.property(given, days, fc.option(fc.constantFrom(...names, 'a-v9.0')), (rules, all, coming) => {
      const incoming = coming === null ? [] : [coming];
      let evicted: string[];
      try {
        evicted = namesLeaving(rules, all, incoming);
      } catch (error) {
        expect(error).toMatchObject({ code: 'retention_limit_reached' });
        expect(incoming).toHaveLength(1);
        return;
      }
      expect(new Set(evicted).size).toBe(evicted.length);
      for (const name of evicted) {
        expect(incoming).not.toContain(name);
        expect(Object.keys(all)).toContain(name);
        if (rules.protect.includes('v3.0')) expect(name).not.toMatch(/^v3/);
        if (rules.protect.includes('a-*')) expect(name).not.toMatch(/^a-/);
        if (rules.protect.includes('c')) expect(name).not.toBe('c');
        if (rules.protect.includes('v4*')) expect(name).not.toMatch(/v4/);
      }
      const left = Object.fromEntries(Object.entries(all).filter(([name]) => !evicted.includes(name)));
      const isAdded = incoming.some((name) => !(name in all));
      if (rules.maxPackages !== null && isAdded) {
        expect(Object.keys(left).length + 1).toBeLessThanOrEqual(rules.maxPackages);
      }
      if (incoming.length === 0) expect(namesLeaving(rules, left)).toEqual([]);
      expect(namesLeaving(rules, all, incoming)).toEqual(evicted);
    }),
    { numRuns: 500 },
  );
});
