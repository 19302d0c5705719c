import { join } from 'node:path';

import { describeClient, run } from './support/client.js';
import { REPOSITORY, useSite } from './support/site.js';

describeClient('action-gh-release', (place) => {
  const site = useSite();

  /** Runs it as a runner does, with these inputs. */
  const action = async (inputs: Record<string, string>): Promise<void> => {
    const output = await site.write('output', '');
    await run(process.execPath, [join(place, 'dist', 'index.js')], {
      cwd: site.directory,
      env: {
        ...site.environment,
        ...Object.fromEntries(
          Object.entries(inputs).map(([key, value]) => [`INPUT_${key.toUpperCase()}`, value]),
        ),
        GITHUB_TOKEN: site.environment['TOKEN'] ?? '',
        GITHUB_REPOSITORY: REPOSITORY,
        GITHUB_REF: 'refs/tags/v1.0.0',
        GITHUB_API_URL: `${site.url}/api/v3`,
        GITHUB_OUTPUT: output,
      },
    });
  };

  it('publishes the files of a tag, and replaces them the next time', async () => {
    await site.write('dist/tool-linux', 'the program');
    await site.write('dist/tool-darwin', 'another program');
    await action({ files: 'dist/*', name: 'First', body: 'What is new' });
    expect(await site.releases()).toEqual({ 'v1.0.0': ['tool-darwin', 'tool-linux'] });
    expect(await site.read('output')).toContain('upload_url');

    await site.write('dist/tool-linux', 'the program, mended');
    await action({ files: 'dist/tool-linux', body: 'More', append_body: 'true' });
    const answer = await fetch(`${site.url}/releases/download/v1.0.0/tool-linux`);
    expect(await answer.text()).toBe('the program, mended');
    const release = await (await fetch(`${site.url}/repos/${REPOSITORY}/releases/tags/v1.0.0`)).json();
    expect(release).toMatchObject({ name: 'First', body: expect.stringMatching(/What is new\s+More/) });
  });
});
