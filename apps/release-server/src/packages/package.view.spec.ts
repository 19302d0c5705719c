import { nameInRelease } from '#storage';

import { packageUrl, packageView, publishedView } from './package.view.js';

const BASE = 'https://x.example/r';

describe('the view of a package', () => {
  it.each([
    ['a+b.zip', `${BASE}/assets/a%2Bb.zip`],
    [nameInRelease('v1.2.0', 'a+b.zip'), `${BASE}/releases/download/v1.2.0/a%2Bb.zip`],
    [nameInRelease('cli/v1.2.0', 'a.zip'), `${BASE}/releases/download/cli%2Fv1.2.0/a.zip`],
    [nameInRelease('100%/é', 'a.zip'), `${BASE}/releases/download/100%25%2F%C3%A9/a.zip`],
  ])('has the address of %s', (name, url) => {
    expect(packageUrl({ name }, BASE)).toBe(url);
  });

  it('has the name of the file, and the tag of its folder before any other', () => {
    const stored = { size: 1, createdAt: 0, sha256: undefined, revision: 'a' };
    const inFolder = { ...stored, name: nameInRelease('cli/v1.2.0', 'latest.yml') };
    expect(packageView(inFolder, BASE, undefined)).toMatchObject({
      name: 'latest.yml',
      release: 'cli/v1.2.0',
    });
    expect(packageView({ ...stored, name: 'a-1.0.zip' }, BASE, 'v1.0')).toMatchObject({ release: 'v1.0' });
    expect(packageView({ ...stored, name: 'a.zip' }, BASE, undefined)).toMatchObject({ release: null });
  });

  it('says of what made room which release it was of', () => {
    const stored = { size: 1, createdAt: 0, sha256: undefined, revision: 'a' };
    const names = [nameInRelease('v1.2.0', 'tool'), 'tool-1.0.zip', 'tool'];
    const evicted = names.map((name) => ({ package: { ...stored, name }, reason: 'made room' }));
    const result = { package: { ...stored, name: 'new' }, replaced: undefined, evicted };
    expect(publishedView(result, BASE).evicted).toMatchObject([
      { name: 'tool', release: 'v1.2.0' },
      { name: 'tool-1.0.zip', release: '1.0' },
      { name: 'tool', release: null },
    ]);
  });
});
