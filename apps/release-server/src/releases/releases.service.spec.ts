import {
  NO_RELEASES,
  StorageError,
  type PackageReader,
  type ReleaseRecord,
  type StoreSnapshot,
} from '#storage';

import type { Config } from '../config/config.js';
import type { PackageLinks } from '../packages/package-links.js';
import { packageUrl } from '../packages/package.view.js';
import { ReleasesService } from './releases.service.js';

const record = (tag: string, isDraft = false): ReleaseRecord => ({
  tag,
  isDraft,
  createdAt: 1,
  updatedAt: 1,
});

function snapshotOf(...records: ReleaseRecord[]): StoreSnapshot {
  const releases = new Map(records.map((one) => [one.tag, one]));
  return { packages: [], drafts: [], releases: records.length === 0 ? NO_RELEASES : releases };
}

/** That knows the one, and of which the other is the latest. */
function storeOf(known: StoreSnapshot, latest: StoreSnapshot): PackageReader {
  const snapshot = async (options?: { latest?: boolean }): Promise<StoreSnapshot> =>
    options?.latest === true ? latest : known;
  return { snapshot } as Partial<PackageReader> as PackageReader;
}

function serviceOf(known: StoreSnapshot, latest: StoreSnapshot): ReleasesService {
  const links = { period: 0, url: packageUrl } as Partial<PackageLinks> as PackageLinks;
  return new ReleasesService(storeOf(known, latest), links, {
    allow_overwrite: true,
    allow_delete: true,
  } as Config);
}

describe('ReleasesService', () => {
  // Mutant: what another replica has published a moment ago is not found.
  it('asks for the latest before it does not find a release', async () => {
    const [known, latest] = [snapshotOf(), snapshotOf(record('v1'))];
    const [service, store] = [serviceOf(known, latest), storeOf(known, latest)];

    expect((await service.byTag('v1', store)).tag).toBe('v1');
    expect((await service.latestRelease(store)).tag).toBe('v1');
    expect(await service.change('v1', async ({ tag }) => tag)).toBe('v1');
    await expect(service.byTag('v2', store)).rejects.toMatchObject({ code: 'release_not_found' });
  });

  it('changes a draft that was published meanwhile as the release that it is', async () => {
    const service = serviceOf(snapshotOf(record('v1', true)), snapshotOf(record('v1')));
    const met: boolean[] = [];

    const changed = await service.change('v1', async ({ isDraft }) => {
      met.push(isDraft);
      if (isDraft) throw new StorageError('release_not_found', 'There is no release v1.');
      return 'changed';
    });

    expect({ changed, met }).toEqual({ changed: 'changed', met: [true, false] });
  });

  it('tells what else is wrong, and that there is none any more', async () => {
    const refuse = (code: 'release_not_found' | 'release_exists') => async (): Promise<never> => {
      throw new StorageError(code, 'refused');
    };
    const [draft, other] = [snapshotOf(record('v1', true)), snapshotOf()];
    await expect(serviceOf(draft, draft).change('v1', refuse('release_not_found'))).rejects.toThrow(
      'refused',
    );
    await expect(serviceOf(draft, other).change('v1', refuse('release_not_found'))).rejects.toThrow(
      'refused',
    );
    await expect(
      serviceOf(draft, snapshotOf(record('v1'))).change('v1', refuse('release_exists')),
    ).rejects.toThrow('refused');
  });
});
