import { dirname, join } from 'node:path';

import { programArchive } from './support/archive.js';
import { describeClient, run } from './support/client.js';
import { runRecipe } from './support/recipe.js';
import { publish, REPOSITORY, useSite } from './support/site.js';

const PLATFORM = `${process.platform}-${process.arch}`;

describeClient('mise', (place) => {
  const site = useSite();

  const command = join(place, 'node_modules', `@jdxcode/mise-${PLATFORM}`, 'bin', 'mise');
  const environment = (): Record<string, string> => ({
    ...site.environment,
    MISE_YES: '1',
    MISE_TRUSTED_CONFIG_PATHS: site.directory,
    // By itself it hides releases that are younger than a day.
    MISE_MINIMUM_RELEASE_AGE: '0d',
  });
  const mise = (...parameters: string[]): Promise<string> =>
    run(command, parameters, { cwd: site.directory, env: environment() });

  beforeEach(async () => {
    for (const version of ['1.0.0', '1.1.0', '2.0.0-rc.1']) {
      const archive = await programArchive(site, 'tool', version);
      await publish(site, `v${version}`, { [`tool-${version}-${PLATFORM}.tar.gz`]: archive });
    }
    await site.write(
      'mise.toml',
      `[tools]\n"github:${REPOSITORY}" = { version = "latest", api_url = "${site.url}/api/v3" }\n`,
    );
  });

  it('lists the versions, installs the latest and runs it', async () => {
    expect((await mise('ls-remote', `github:${REPOSITORY}`)).split('\n')).toContain('1.0.0');
    await mise('install');
    expect(await mise('exec', '--', 'tool')).toBe('tool 1.1.0\n');
  });

  it('installs a version that is asked for', async () => {
    const tool = `github:${REPOSITORY}[api_url=${site.url}/api/v3]@1.0.0`;
    expect(await mise('exec', tool, '--', 'tool')).toBe('tool 1.0.0\n');
  });

  it('does what the guide shows', async () => {
    const printed = await runRecipe(site, 'mise', { commands: dirname(command), env: environment() });
    expect(printed).toContain('tool 1.1.0\n');
  });
});
