import { dirname } from 'node:path';

import { describeClient, npmCommand, run } from './support/client.js';
import { makeProject } from './support/project.js';
import { runRecipe } from './support/recipe.js';
import { REPOSITORY, useSite } from './support/site.js';

const ORIGIN = `http://git.example.org/${REPOSITORY}.git`;
const PACKAGE = JSON.stringify({ name: 'tool', version: '0.0.0', private: true });

describeClient('semantic-release', (place) => {
  const site = useSite();

  it('publishes what its commits are, with files', async () => {
    const options = {
      githubUrl: site.url,
      githubApiPathPrefix: '/api/v3',
      assets: [{ path: 'tool.txt', name: 'tool-${nextRelease.gitTag}.txt', label: 'The program' }],
      successComment: false,
      failComment: false,
      failTitle: false,
      releasedLabels: false,
    };
    const configuration = {
      branches: ['main'],
      repositoryUrl: ORIGIN,
      plugins: [
        '@semantic-release/commit-analyzer',
        '@semantic-release/release-notes-generator',
        ['@semantic-release/github', options],
      ],
    };
    const { directory, environment } = await makeProject(site, ORIGIN, {
      'tool.txt': 'the program',
      'package.json': PACKAGE,
      '.releaserc.json': JSON.stringify(configuration),
    });
    await run(npmCommand(place, 'semantic-release'), ['--no-ci'], {
      cwd: directory,
      env: { ...environment, GITHUB_TOKEN: site.environment['TOKEN'] ?? '' },
    });
    expect(await site.releases()).toEqual({ 'v1.0.0': ['tool-v1.0.0.txt'] });
    const latest = await (await fetch(`${site.url}/repos/${REPOSITORY}/releases/latest`)).json();
    expect(latest).toMatchObject({ name: 'v1.0.0', body: expect.stringContaining('begin'), draft: false });
  });

  it('does what the guide shows', async () => {
    const files = { 'dist/tool-linux-x64': 'the program', 'package.json': PACKAGE };
    const { directory, environment } = await makeProject(site, ORIGIN, files);
    const commands = dirname(npmCommand(place, 'semantic-release'));
    await runRecipe(site, 'semantic-release', { cwd: directory, commands, env: environment });
    expect(await site.releases()).toEqual({ 'v1.0.0': ['tool-linux-x64'] });
  });
});
