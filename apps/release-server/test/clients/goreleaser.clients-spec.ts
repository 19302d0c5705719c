import { join } from 'node:path';

import { sha256 } from '../support/client.js';
import { describeClient, run } from './support/client.js';
import { makeProject } from './support/project.js';
import { runRecipe } from './support/recipe.js';
import { REPOSITORY, useSite } from './support/site.js';

const ORIGIN = `http://git.example.org/${REPOSITORY}.git`;
const [OWNER, NAME] = REPOSITORY.split('/');

describeClient('goreleaser', (place) => {
  const site = useSite();

  /** A project without a build: goreleaser packs what is there. */
  const configuration = (): string => `
version: 2
project_name: tool
builds: [{ skip: true }]
source: { enabled: true, name_template: 'tool-{{ .Version }}' }
checksum: { extra_files: [{ glob: ./tool.txt }] }
release:
  github: { owner: ${OWNER}, name: ${NAME} }
  replace_existing_artifacts: true
  extra_files: [{ glob: ./tool.txt }]
github_urls:
  api: ${site.url}/api/v3/
  upload: ${site.url}/api/uploads/
  download: ${site.url}
`;

  it('publishes a project, with checksums and a changelog', async () => {
    const { directory, environment, git } = await makeProject(site, ORIGIN, {
      'tool.txt': 'the program',
      '.goreleaser.yaml': configuration(),
    });
    await git('tag', 'v1.0.0');
    const release = (): Promise<string> =>
      run(join(place, 'goreleaser'), ['release', '--clean'], {
        cwd: directory,
        env: { ...environment, GITHUB_TOKEN: site.environment['TOKEN'] ?? '' },
      });
    await release();
    const files = ['tool-1.0.0.tar.gz', 'tool.txt', 'tool_1.0.0_checksums.txt'];
    expect(await site.releases()).toEqual({ 'v1.0.0': files });
    const latest = (await (await fetch(`${site.url}/repos/${REPOSITORY}/releases/latest`)).json()) as {
      body: string;
    };
    expect(latest.body).toContain('feat: begin');
    const sums = await fetch(`${site.url}/releases/download/v1.0.0/tool_1.0.0_checksums.txt`);
    expect(await sums.text()).toContain(`${sha256('the program')}  tool.txt`);

    // Once more it replaces what is there.
    await release();
    expect(await site.releases()).toEqual({ 'v1.0.0': files });
  });

  it('does what the guide shows', async () => {
    const { directory, environment } = await makeProject(site, ORIGIN, { 'README.md': '# Tool' });
    await runRecipe(site, 'goreleaser', { cwd: directory, commands: place, env: environment });
    expect(await site.releases()).toEqual({ 'v1.2.0': ['tool-1.2.0.tar.gz', 'tool_1.2.0_checksums.txt'] });
  });
});
