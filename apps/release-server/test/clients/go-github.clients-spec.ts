import { join } from 'node:path';

import { TOKEN } from '../support/server.js';
import { describeClient, run } from './support/client.js';
import { useSite } from './support/site.js';

describeClient('go-github', (place) => {
  const site = useSite();

  it('publishes and reads', async () => {
    const file = await site.write('tool.txt', 'the program');
    const said = await run(join(place, 'go-github'), [site.url, TOKEN, file], { env: site.environment });
    expect(JSON.parse(said)).toEqual({
      draft: true,
      published: [false, 'public'],
      same: true,
      taken: 'the program',
      edited: ['program.txt', 'Program'],
      tags: expect.arrayContaining(['v0.1.0', 'v0.2.0', 'v0.3.0', 'v1.0.0']),
      missing: [404, 'Not Found'],
    });
  });
});
