import { catalogOf } from '#releases';
import { NO_RELEASES, type IncomingPackage, type StoreSnapshot } from '#storage';

import { forecast } from './forecast.js';

/** Lets the oldest leave, as many as come. */
const oldest = {
  foresee: ({ packages }: StoreSnapshot, incoming: readonly IncomingPackage[]) =>
    packages.toReversed().slice(0, incoming.length),
};

function forecastFor(...names: readonly string[]) {
  const packages = names.map((name, age) => ({
    name,
    size: 10,
    createdAt: 100 - age,
    sha256: undefined,
    revision: name,
  }));
  const { forPackage, forRelease, byRelease, ...rest } = forecast(
    catalogOf({ packages, drafts: [], releases: NO_RELEASES }),
    oldest,
  );
  return {
    ...rest,
    forPackage: forPackage.map(({ name }) => name),
    forRelease: forRelease.map(({ name }) => name),
    byRelease: [...byRelease].map(([{ tag }, leave]) => [tag, leave]),
  };
}

describe('the forecast of retention', () => {
  it('tells what makes room for another package, and for another release as large as the largest', () => {
    expect(forecastFor('a-2.0.zip', 'b-2.0.zip', 'c-v2.0.0.zip', 'a-1.0.zip', 'x.txt', 'b-v1.0.zip')).toEqual(
      {
        forPackage: ['b-v1.0.zip'],
        releaseCount: 3,
        forRelease: ['b-v1.0.zip', 'x.txt', 'a-1.0.zip'],
        byRelease: [
          ['1.0', 2],
          ['latest', 1],
        ],
        names: new Set(['b-v1.0.zip', 'x.txt', 'a-1.0.zip']),
      },
    );
  });

  it('takes a release for one package where there is none', () => {
    expect(forecastFor('a.txt', 'b.txt')).toMatchObject({ releaseCount: 1, forRelease: ['b.txt'] });
    expect(forecastFor()).toMatchObject({ releaseCount: 1, forRelease: [] });
  });
});
