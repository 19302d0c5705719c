import type { Package, PackageReader, StoreSnapshot } from '#storage';

import { BASE } from '../../http/fragment.js';
import { ChecksumsService } from './checksums.service.js';

function packageOf(name: string, digit: string | undefined, createdAt = 1): Package {
  const sha256 = digit?.repeat(64);
  return { name, size: 1, createdAt, sha256, revision: `${name} ${digit}` };
}

/** Its lists, of a store with these packages, newest first. */
function checksumsOf(packages: readonly Package[]): (tag: string) => Promise<string> {
  const snapshot: StoreSnapshot = { packages, drafts: [], releases: new Map() };
  const store = { peekSnapshot: () => snapshot } as Partial<PackageReader> as PackageReader;
  const service = new ChecksumsService();
  return async (tag) => {
    const body = await service.of(tag, store);
    expect(await service.of(tag, store)).toBe(body);
    return body.forms.get(body, BASE).bytes.toString();
  };
}

describe('ChecksumsService', () => {
  it('has a line for each package of a release, sorted by name', async () => {
    const of = checksumsOf([
      packageOf('b-v1.0.0.zip', 'b'),
      packageOf('v1.0.0/a', 'a'),
      packageOf('v1.0.0/Z', 'f'),
      packageOf('b-v2.0.0.zip', 'c'),
    ]);
    const lines = [`${'f'.repeat(64)}  Z`, `${'a'.repeat(64)}  a`, `${'b'.repeat(64)}  b-v1.0.0.zip`, ''];
    expect(await of('v1.0.0')).toBe(lines.join('\n'));
    expect(await of('2.0.0')).toBe(`${'c'.repeat(64)}  b-v2.0.0.zip\n`);
  });

  it('has the one of two packages of a name that is downloaded by it', async () => {
    const of = checksumsOf([packageOf('v1.0.0/b-v1.0.0.zip', 'a', 2), packageOf('b-v1.0.0.zip', 'b', 1)]);
    expect(await of('v1.0.0')).toBe(`${'a'.repeat(64)}  b-v1.0.0.zip\n`);
  });

  it('is not there while a digest is not known, rather than lack a package', async () => {
    const of = checksumsOf([packageOf('v1.0.0/a', 'a'), packageOf('v1.0.0/b', undefined)]);
    // Mutant: leaves out what is not known.
    await expect(of('v1.0.0')).rejects.toMatchObject({
      name: 'BusyError',
      retryAfter: 2,
      message: 'The digest of b is being computed; try again in a moment.',
    });
  });

  it('is not there where there is no release', async () => {
    await expect(checksumsOf([])('v1.0.0')).rejects.toMatchObject({ code: 'package_not_found' });
  });
});
