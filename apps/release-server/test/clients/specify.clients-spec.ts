import { join } from 'node:path';

import { put } from '../support/client.js';
import { TOKEN } from '../support/server.js';
import { templateZip } from '../support/zip.js';
import { describeClient, run } from './support/client.js';
import { runRecipe } from './support/recipe.js';
import { useSite, type Site } from './support/site.js';

/** Makes a project, and returns what tells which template it is of. */
async function init(place: string, site: Site, url: string, environment = {}): Promise<string> {
  const options = ['--ai', 'claude', '--script', 'sh', '--no-git', '--ignore-agent-tools'];
  await run(join(place, 'bin', 'specify'), ['init', 'made', ...options, '--template-url', url], {
    cwd: site.directory,
    env: { ...site.environment, ...environment },
  });
  return site.read('made/.specify/templates/spec-template.md');
}

async function publishTemplates({ server }: Site): Promise<void> {
  for (const version of ['v1.0.0', 'v1.1.0', 'v2.0.0-rc.1']) {
    await put(server, `spec-kit-template-claude-sh-${version}.zip`, await templateZip('claude', version));
  }
}

describeClient('specify', (place) => {
  const site = useSite();

  beforeEach(() => publishTemplates(site));

  it('makes a project of the latest template', async () => {
    expect(await init(place, site, `${site.url}/latest`)).toBe('# Template v1.1.0\n');
  });

  it('does so with a token of GitHub, which it sends along', async () => {
    const environment = { GH_TOKEN: 'ghp_ofAnotherHost' };
    expect(await init(place, site, `${site.url}/latest`, environment)).toBe('# Template v1.1.0\n');
    expect(site.exchanges[0]?.headers['authorization']).toBe('Bearer ghp_ofAnotherHost');
  });

  it('does what the guide shows', async () => {
    await runRecipe(site, 'specify', { commands: join(place, 'bin') });
    expect(await site.read('my-project/.specify/templates/spec-template.md')).toBe('# Template v1.1.0\n');
  });
});

describeClient('specify', (place) => {
  const site = useSite('http', { READ_ACCESS: 'token' });

  beforeEach(() => publishTemplates(site));

  it('makes a project where reads ask for a token, by the signed link of its template', async () => {
    expect(await init(place, site, `http://x:${TOKEN}@${site.host}/latest`)).toBe('# Template v1.1.0\n');
    const [asked, taken] = site.exchanges;
    expect(asked?.headers['authorization']).toMatch(/^Basic /);
    expect([taken?.headers['authorization'], taken?.path]).toEqual([
      undefined,
      expect.stringMatching(/\?expires=\d+&signature=/),
    ]);
  });

  it('is refused with a wrong one', async () => {
    await expect(init(place, site, `http://x:wrong-token@${site.host}/latest`)).rejects.toThrow();
  });
});
