import { describeClient, npmCommand, run } from './support/client.js';
import { makeProject } from './support/project.js';
import { REPOSITORY, useSite } from './support/site.js';

describeClient('semantic-release', (place) => {
  const site = useSite();

  it('publishes what its commits are, with files', async () => {
    const repositoryUrl = `http://git.example.org/${REPOSITORY}.git`;
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
      repositoryUrl,
      plugins: [
        '@semantic-release/commit-analyzer',
        '@semantic-release/release-notes-generator',
        ['@semantic-release/github', options],
      ],
    };
    const { directory, environment } = await makeProject(site, repositoryUrl, {
      'tool.txt': 'the program',
      'package.json': JSON.stringify({ name: 'tool', version: '0.0.0', private: true }),
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
});
