import { dirname } from 'node:path';

import { attempt, describeClient, run } from './support/client.js';
import { runRecipe } from './support/recipe.js';
import { PRIVATE, publish, READER, REPOSITORY, useSite } from './support/site.js';

const NAME = 'tool-linux-x64';

describeClient('wget', (wget) => {
  const site = useSite('http', PRIVATE);
  const url = (): string => `${site.url}/${REPOSITORY}/releases/download/v1.2.0/${NAME}`;

  beforeEach(() => publish(site, 'v1.2.0', { [NAME]: 'the program' }));

  it('waits to be asked for the token of its command line', async () => {
    const parameters = ['--quiet', '--user=x', `--password=${READER}`, '--output-document=-', url()];
    expect(await run(wget, parameters, { env: site.environment })).toBe('the program');
    expect(site.exchanges.map(({ status }) => status)).toEqual([401, 200]);
  });

  it('has its own code for a refused one', async () => {
    const parameters = ['--user=x', '--password=wrong', '--output-document=-', url()];
    const { code, stderr } = await attempt(wget, parameters, { env: site.environment });
    expect([code, stderr]).toEqual([6, expect.stringContaining('401 Unauthorized')]);
  });

  it('does what the guide shows', async () => {
    await site.netrc(READER);
    await runRecipe(site, 'wget', { commands: dirname(wget) });
    expect(await site.read(NAME)).toBe('the program');
  });
});
