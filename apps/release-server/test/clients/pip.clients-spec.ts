import { join } from 'node:path';

import { put } from '../support/client.js';
import { zipOf } from '../support/zip.js';
import { attempt, describeClient } from './support/client.js';
import { runRecipe } from './support/recipe.js';
import { PRIVATE, READER, useSite } from './support/site.js';

const WHEEL = 'tool-1.2.0-py3-none-any.whl';

describeClient('pip', (place) => {
  const site = useSite('http', PRIVATE);
  const environment = (): Record<string, string> => ({
    ...site.environment,
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_CACHE_DIR: '1',
  });
  const download = (address: string): ReturnType<typeof attempt> =>
    attempt(
      join(place, 'bin', 'pip'),
      ['download', '--no-index', '--no-input', '--find-links', address, 'tool'],
      {
        cwd: site.directory,
        env: environment(),
      },
    );

  beforeEach(async () => {
    const wheel = await zipOf({
      'tool.py': 'print("tool 1.2.0")\n',
      'tool-1.2.0.dist-info/METADATA': 'Metadata-Version: 2.1\nName: tool\nVersion: 1.2.0\n',
      'tool-1.2.0.dist-info/WHEEL': 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
      'tool-1.2.0.dist-info/RECORD': '',
    });
    await put(site.server, WHEEL, wheel);
  });

  it('takes the token in the address of the page, and follows its signed links without', async () => {
    const { code, stderr } = await download(`http://x:${READER}@${site.host}/packages`);
    expect([code, stderr]).toEqual([0, '']);
    expect((await site.bytes(WHEEL)).subarray(0, 2).toString()).toBe('PK');
    expect(site.exchanges.at(-1)).toMatchObject({
      status: 200,
      path: expect.stringMatching(/\.whl\?expires=\d+&signature=/),
    });
  });

  it('finds nothing without one', async () => {
    const { code, stderr } = await download(`${site.url}/packages`);
    expect([code, stderr]).toEqual([1, expect.stringContaining('No matching distribution')]);
  });

  it('does what the guide shows', async () => {
    await site.netrc(READER);
    const env = { ...environment(), PIP_TARGET: site.directory };
    await runRecipe(site, 'pip', { commands: join(place, 'bin'), env });
    expect(await site.read('tool.py')).toBe('print("tool 1.2.0")\n');
  });
});
