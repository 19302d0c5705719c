import { readFile } from 'node:fs/promises';

import { describe, expect, it } from '@jest/globals';

import { makeDirectory, spawnServer } from '../support/process.js';
import { LIKENESS, likenessOf, seed, SEEDED } from './support/likeness.js';

describe('the screenshots in the README', () => {
  it('show the page as it is', async () => {
    const directory = await makeDirectory();
    await seed(directory.path);
    const server = await spawnServer(directory.path, SEEDED);
    try {
      const outdated = (await likenessOf(server.url)) !== (await readFile(LIKENESS, 'utf8')).trim();
      expect(outdated ? 'the page looks different: run npm run screenshots' : 'as it is').toBe('as it is');
    } finally {
      await server.stop();
      await directory.remove();
    }
  });
});
