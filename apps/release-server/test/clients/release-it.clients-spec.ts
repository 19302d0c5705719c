import { dirname } from 'node:path';

import { describeClient, npmCommand, run } from './support/client.js';
import { makeProject } from './support/project.js';
import { runRecipe } from './support/recipe.js';
import { REPOSITORY, useSite } from './support/site.js';

const ORIGIN = `https://git.example.org/${REPOSITORY}.git`;

describeClient('release-it', (place) => {
  // It puts https:// before the host.
  const site = useSite('https');

  it('makes a release of the next version, with files', async () => {
    const configuration = {
      npm: false,
      git: { requireCleanWorkingDir: false },
      github: {
        release: true,
        host: site.host,
        assets: ['tool.txt'],
        releaseName: 'Tool ${version}',
        comments: false,
      },
    };
    const { directory, environment, git } = await makeProject(site, ORIGIN, {
      'tool.txt': 'the program',
      'package.json': JSON.stringify({ name: 'tool', version: '1.0.0', private: true }),
      '.release-it.json': JSON.stringify(configuration),
    });
    await git('tag', '1.0.0');
    await run(npmCommand(place, 'release-it'), ['minor', '--ci'], {
      cwd: directory,
      env: {
        ...environment,
        GITHUB_TOKEN: site.environment['TOKEN'] ?? '',
        NODE_EXTRA_CA_CERTS: site.certificate,
      },
    });
    expect((await git('tag')).split('\n')).toContain('1.1.0');
    expect(await site.releases()).toEqual({ '1.1.0': ['tool.txt'] });
    const latest = await (await fetch(`${site.server.url}/repos/${REPOSITORY}/releases/latest`)).json();
    expect(latest).toMatchObject({ tag_name: '1.1.0', name: 'Tool 1.1.0', draft: false });
  });

  it('does what the guide shows', async () => {
    const files = { 'dist/tool-linux-x64': 'the program' };
    const { directory, environment, git } = await makeProject(site, ORIGIN, files);
    await git('tag', '1.0.0');
    const commands = dirname(npmCommand(place, 'release-it'));
    const env = { ...environment, NODE_EXTRA_CA_CERTS: site.certificate };
    await runRecipe(site, 'release-it', { cwd: directory, commands, env });
    expect(await site.releases()).toEqual({ '1.1.0': ['tool-linux-x64'] });
  });
});
