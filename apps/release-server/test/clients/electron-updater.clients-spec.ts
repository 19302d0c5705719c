import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { AUTH } from '../support/server.js';
import { describeClient, runModule } from './support/client.js';
import { publish, useSite } from './support/site.js';

const PROGRAM = 'apps/release-server/test/clients/programs/electron-updater.mjs';
const APP = 'version 1.1.0';

describeClient('electron-updater', (place) => {
  const site = useSite();

  beforeEach(async () => {
    const sha512 = createHash('sha512').update(APP).digest('base64');
    const lines = [
      'version: 1.1.0',
      `files: [{ url: tool-1.1.0.AppImage, sha512: '${sha512}', size: ${APP.length} }]`,
      'path: tool-1.1.0.AppImage',
      `sha512: '${sha512}'`,
      `releaseDate: '2026-01-01T00:00:00.000Z'`,
    ];
    await publish(site, 'v1.1.0', { 'latest-linux.yml': lines.join('\n'), 'tool-1.1.0.AppImage': APP });
    const body = JSON.stringify({ title: 'Second', notes: 'More of *it*.' });
    const headers = { ...AUTH, 'Content-Type': 'application/json' };
    expect(
      (await fetch(`${site.server.url}/releases/v1.1.0`, { method: 'PATCH', headers, body })).status,
    ).toBe(200);
  });

  const update = async (options: object): Promise<unknown> =>
    runModule(
      place,
      await readFile(PROGRAM, 'utf8'),
      [JSON.stringify(options), site.directory],
      site.environment,
    );

  it('updates from the latest release by its provider generic', async () => {
    const said = await update({ provider: 'generic', url: `${site.url}/releases/latest/download` });
    expect(said).toMatchObject({ isUpdateAvailable: true, version: '1.1.0', content: APP });
  });

  it('updates by its provider github, with title and notes of the release', async () => {
    const options = { provider: 'github', host: site.host, protocol: 'http', owner: 'acme', repo: 'tool' };
    expect(await update(options)).toEqual({
      isUpdateAvailable: true,
      version: '1.1.0',
      releaseName: 'Second',
      releaseNotes: expect.stringContaining('<em>it</em>'),
      content: APP,
    });
  });
});
