import { dirname } from 'node:path';

import { TOKEN } from '../support/server.js';
import { attempt, describeClient, run } from './support/client.js';
import { recipesOf, runRecipe } from './support/recipe.js';
import { PRIVATE, publish, READER, REPOSITORY, useSite } from './support/site.js';

const NAME = 'tool-x86_64-unknown-linux-gnu.tgz';

describeClient('curl', (curl) => {
  const site = useSite();
  const ask = (...parameters: string[]): Promise<string> =>
    run(curl, ['--silent', '--show-error', '--fail', ...parameters], { cwd: site.directory });
  const api = async (...parameters: string[]): Promise<Record<string, unknown>> =>
    JSON.parse(await ask('--header', `Authorization: token ${TOKEN}`, ...parameters)) as Record<
      string,
      unknown
    >;

  it('downloads from the addresses that cargo-binstall and install scripts make up', async () => {
    await publish(site, 'v1.2.0', { [NAME]: 'the program' });
    for (const path of [
      `${REPOSITORY}/releases/download/v1.2.0/${NAME}`,
      `${REPOSITORY}/releases/latest/download/${NAME}`,
      `releases/download/v1.2.0/${NAME}`,
    ])
      expect(await ask('--location', `${site.url}/${path}`)).toBe('the program');
    // As cargo-binstall looks whether there is such a file.
    expect(
      await ask('--head', '--location', `${site.url}/${REPOSITORY}/releases/download/v1.2.0/${NAME}`),
    ).toContain('200');
    const [shown = ''] = recipesOf(site, 'curl', 'toml');
    const fields = {
      version: '1.2.0',
      name: 'tool',
      target: 'x86_64-unknown-linux-gnu',
      'archive-suffix': '.tgz',
    };
    const template = /pkg-url = "(.*)"/.exec(shown)?.[1] ?? '';
    const address = template.replaceAll(/\{ ([\w-]+) \}/g, (_, field: keyof typeof fields) => fields[field]);
    expect(await ask('--location', address)).toBe('the program');
    const missing = await attempt(curl, [
      '-fsSL',
      `${site.url}/${REPOSITORY}/releases/download/v1.2.0/other`,
    ]);
    expect(missing.code).toBe(22);
  });

  it('tells the latest tag by where it leads', async () => {
    await publish(site, 'v1.2.0', { [NAME]: 'the program' });
    const written = ['--output', '/dev/null', '--write-out', '%{url_effective}'];
    expect(await ask('--location', ...written, `${site.url}/${REPOSITORY}/releases/latest`)).toMatch(
      /\/releases\/tag\/v1\.2\.0$/,
    );
  });

  it('publishes as the shell of a workflow does: draft, files, publish', async () => {
    await site.write(
      'body.json',
      JSON.stringify({ tag_name: 'v2.0.0', name: 'v2.0.0', body: 'new', draft: true }),
    );
    await site.write(NAME, 'the program');
    const repository = `${site.url}/api/v3/repos/${REPOSITORY}`;
    const draft = await api('--data', '@body.json', `${repository}/releases`);
    const [uploads] = String(draft['upload_url']).split('{');
    const asset = await api(
      '--header',
      'Content-Type: application/octet-stream',
      '--data-binary',
      `@${NAME}`,
      `${uploads}?name=${NAME}&label=Linux`,
    );
    expect(asset).toMatchObject({ name: NAME, label: 'Linux', state: 'uploaded', size: 11 });
    expect(await site.releases()).toEqual({});
    await api(
      '--request',
      'PATCH',
      '--data',
      '{"draft":false}',
      `${repository}/releases/${String(draft['id'])}`,
    );
    expect(await site.releases()).toEqual({ 'v2.0.0': [NAME] });
    expect(
      await ask('--header', 'Accept: application/octet-stream', '--location', String(asset['url'])),
    ).toBe('the program');
  });

  it('does what the guide shows', async () => {
    await site.write('dist/tool-linux-x64', 'the program');
    await site.write('dist/tool-darwin-arm64', 'another program');
    await runRecipe(site, 'curl', { commands: dirname(curl) });
    expect(await site.releases()).toEqual({ 'v1.2.0': ['tool-darwin-arm64', 'tool-linux-x64'] });
    expect(await site.read('downloads/latest')).toBe('the program');
    expect(await site.read('downloads/tagged')).toBe('the program');
  });
});

describeClient('curl', (curl) => {
  const site = useSite('http', PRIVATE);

  it('does what the guide shows where reads ask for a token', async () => {
    await publish(site, 'v1.2.0', { 'tool-linux-x64': 'the program' });
    const refused = await attempt(curl, ['-fsS', `${site.url}/latest`], { env: site.environment });
    expect([refused.code, refused.stderr]).toEqual([22, expect.stringContaining('401')]);
    await site.netrc(READER);
    await runRecipe(site, 'curl', { commands: dirname(curl), language: 'sh private' });
    expect(await site.read('tool-linux-x64')).toBe('the program');
  });
});
