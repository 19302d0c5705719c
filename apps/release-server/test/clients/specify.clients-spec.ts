import { join } from 'node:path';

import { put } from '../support/client.js';
import { templateZip } from '../support/zip.js';
import { describeClient, run } from './support/client.js';
import { runRecipe } from './support/recipe.js';
import { useSite } from './support/site.js';

describeClient('specify', (place) => {
  const site = useSite();

  const init = async (environment: Record<string, string> = {}): Promise<string> => {
    const options = ['--ai', 'claude', '--script', 'sh', '--no-git', '--ignore-agent-tools'];
    await run(
      join(place, 'bin', 'specify'),
      ['init', 'made', ...options, '--template-url', `${site.url}/latest`],
      {
        cwd: site.directory,
        env: { ...site.environment, ...environment },
      },
    );
    return site.read('made/.specify/templates/spec-template.md');
  };

  beforeEach(async () => {
    for (const version of ['v1.0.0', 'v1.1.0', 'v2.0.0-rc.1'])
      await put(
        site.server,
        `spec-kit-template-claude-sh-${version}.zip`,
        await templateZip('claude', version),
      );
  });

  it('makes a project of the latest template', async () => {
    expect(await init()).toBe('# Template v1.1.0\n');
  });

  it('does so with a token of GitHub, which it sends along', async () => {
    expect(await init({ GH_TOKEN: 'ghp_ofAnotherHost' })).toBe('# Template v1.1.0\n');
    expect(site.exchanges[0]?.headers['authorization']).toBe('Bearer ghp_ofAnotherHost');
  });

  it('does what the guide shows', async () => {
    await runRecipe(site, 'specify', { commands: join(place, 'bin') });
    expect(await site.read('my-project/.specify/templates/spec-template.md')).toBe('# Template v1.1.0\n');
  });
});
