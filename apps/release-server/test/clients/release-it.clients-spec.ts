import { describeClient, npmCommand, run } from './support/client.js';
import { makeProject } from './support/project.js';
import { REPOSITORY, useSite } from './support/site.js';

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
    const { directory, environment, git } = await makeProject(
      site,
      `https://git.example.org/${REPOSITORY}.git`,
      {
        'tool.txt': 'the program',
        'package.json': JSON.stringify({ name: 'tool', version: '1.0.0', private: true }),
        '.release-it.json': JSON.stringify(configuration),
      },
    );
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
});
