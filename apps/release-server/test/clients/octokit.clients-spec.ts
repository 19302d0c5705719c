import { readFile } from 'node:fs/promises';

import { TOKEN } from '../support/server.js';
import { describeClient, runModule } from './support/client.js';
import { runRecipe } from './support/recipe.js';
import { PRIVATE, publish, READER, useSite } from './support/site.js';

const PROGRAM = 'apps/release-server/test/clients/programs/octokit.mjs';

describeClient('octokit', (place) => {
  const site = useSite();

  it.each(['', '/api/v3'])('publishes and reads below "%s"', async (prefix) => {
    const said = await runModule(place, await readFile(PROGRAM, 'utf8'), [`${site.url}${prefix}`, TOKEN]);
    expect(said).toEqual({
      draft: true,
      publicBefore: 0,
      published: [false, 'public'],
      refused: [422, 'already_exists'],
      latest: ['v1.0.0', ['odd.name+.txt', 'tool.txt']],
      sameId: true,
      labels: ['Label of odd name+.txt', 'Label of tool.txt'],
      bytes: 'the program',
      renamed: ['program.txt', 'Program'],
      notModified: 304,
      all: ['v0.1.0', 'v0.2.0', 'v0.3.0', 'v0.4.0', 'v0.5.0', 'v1.0.0'],
      notes: 'string',
      left: ['odd.name+.txt'],
      missing: { status: 404, message: 'Not Found' },
    });
  });

  it('does what the guide shows', async () => {
    await site.write('dist/tool-linux-x64', 'the program');
    expect(await runRecipe(site, 'octokit', { modules: place })).toBe('v1.2.0 tool-linux-x64\n');
  });
});

const FETCH = `
import { Octokit } from '@octokit/rest';
const [baseUrl, auth] = process.argv.slice(2);
const octokit = new Octokit({ baseUrl, auth });
const tool = { owner: 'acme', repo: 'tool' };
try {
  const { data: repository } = await octokit.repos.get(tool);
  const { data: latest } = await octokit.repos.getLatestRelease(tool);
  const [asset] = latest.assets;
  const headers = { accept: 'application/octet-stream' };
  const { data } = await octokit.repos.getReleaseAsset({ ...tool, asset_id: asset.id, headers });
  const link = await fetch(asset.browser_download_url);
  console.log(JSON.stringify({
    private: repository.private,
    tag: latest.tag_name,
    bytes: Buffer.from(data).toString(),
    link: await link.text(),
  }));
} catch ({ status, message }) {
  console.log(JSON.stringify({ status, message }));
}
`;

describeClient('octokit', (place) => {
  const site = useSite('http', PRIVATE);

  it.each<[string, string, object]>([
    [
      'one that may read',
      READER,
      { private: true, tag: 'v1.2.0', bytes: 'the program', link: 'the program' },
    ],
    ['a wrong one', 'wrong', { status: 401, message: expect.stringContaining('Bad credentials') }],
    ['none', '', { status: 401, message: expect.stringContaining('Requires authentication') }],
  ])('fetches where reads ask for a token: %s', async (_, token, said) => {
    await publish(site, 'v1.2.0', { 'tool-linux-x64': 'the program' });
    expect(await runModule(place, FETCH, [`${site.url}/api/v3`, token])).toEqual(said);
  });
});
