import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { load } from 'js-yaml';

import { AUTH } from '../support/server.js';
import { describeClient, runModule } from './support/client.js';
import { recipesOf } from './support/recipe.js';
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

  it('updates with each of the settings that the guide shows', async () => {
    const [github, generic] = recipesOf(site, 'electron-updater', 'yaml').map(
      (text) => (load(text) as { publish: object }).publish,
    );
    const updated = { isUpdateAvailable: true, version: '1.1.0', content: APP };
    expect(await update({ ...github, protocol: 'http' })).toEqual({
      ...updated,
      releaseName: 'Second',
      releaseNotes: expect.stringContaining('<em>it</em>'),
    });
    expect(await update({ ...generic })).toEqual(updated);
  });
});
