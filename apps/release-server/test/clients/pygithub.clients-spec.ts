import { join } from 'node:path';

import { TOKEN } from '../support/server.js';
import { describeClient, run } from './support/client.js';
import { runRecipe } from './support/recipe.js';
import { REPOSITORY, useSite } from './support/site.js';

const PROGRAM = 'apps/release-server/test/clients/programs/pygithub.py';

describeClient('pygithub', (place) => {
  const site = useSite();

  it.each(['', '/api/v3'])('publishes and reads below "%s"', async (prefix) => {
    const file = await site.write('tool.txt', 'the program');
    const parameters = [PROGRAM, `${site.url}${prefix}`, TOKEN, file, site.directory];
    const said = await run(join(place, 'bin', 'python'), parameters, { env: site.environment });
    expect(JSON.parse(said)).toEqual({
      repository: REPOSITORY,
      draft: true,
      publicBefore: 0,
      published: [false, 'public'],
      refused: [422, 'already_exists'],
      same: true,
      published_at: true,
      size: 11,
      taken: 'the program',
      edited: ['program.txt', 'Program'],
      tags: ['v0.1.0', 'v0.2.0', 'v0.3.0', 'v1.0.0'],
      missing: 'Not Found',
      wrong: 'Bad credentials',
      left: [],
      after: ['v0.1.0', 'v0.2.0', 'v0.3.0'],
    });
  });

  it('does what the guide shows', async () => {
    await site.write('dist/tool-linux-x64', 'the program');
    expect(await runRecipe(site, 'pygithub', { commands: join(place, 'bin') })).toBe(
      'v1.2.0 tool-linux-x64\n',
    );
  });
});
