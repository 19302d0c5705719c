import { join } from 'node:path';

import { programArchive } from './support/archive.js';
import { describeClient, run } from './support/client.js';
import { runRecipe } from './support/recipe.js';
import { publish, REPOSITORY, useSite } from './support/site.js';

describeClient('ubi', (place) => {
  const site = useSite();

  const ubi = async (...parameters: string[]): Promise<string> => {
    const target = join(site.directory, 'bin');
    const options = ['--project', REPOSITORY, '--in', target, '--api-base-url', `${site.url}/api/v3`];
    await run(join(place, 'bin', 'ubi'), [...options, ...parameters], { env: site.environment });
    return run(join(target, 'tool'), []);
  };

  beforeEach(async () => {
    for (const version of ['1.0.0', '1.1.0', '2.0.0-rc.1']) {
      const archive = await programArchive(site, 'tool', version);
      await publish(site, `v${version}`, { [`tool-${process.platform}-x86_64.tar.gz`]: archive });
    }
  });

  it('installs the latest version, and one that is asked for', async () => {
    expect(await ubi()).toBe('tool 1.1.0\n');
    expect(await ubi('--tag', 'v1.0.0')).toBe('tool 1.0.0\n');
  });

  it('does what the guide shows', async () => {
    await runRecipe(site, 'ubi', { commands: join(place, 'bin') });
    expect(await run(join(site.directory, 'bin', 'tool'), [])).toBe('tool 1.1.0\n');
  });
});
