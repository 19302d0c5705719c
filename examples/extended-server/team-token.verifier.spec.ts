import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { TeamTokenVerifier } from './team-token.verifier.js';

const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex');

describe('TeamTokenVerifier', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'teams-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function verifierOf(...lines: readonly string[]): Promise<TeamTokenVerifier> {
    const file = join(directory, 'teams');
    await writeFile(file, lines.join('\n'));
    return TeamTokenVerifier.fromFile(file);
  }

  it('tells whose a token is', async () => {
    const verifier = await verifierOf(
      '# teams',
      `${digestOf('s3cret')}  web`,
      '',
      `${digestOf('0ther')} data.platform\r`,
      `${digestOf('new')}  web`,
    );

    const owners = await Promise.all(['s3cret', '0ther', 'new'].map((token) => verifier.verify(token)));

    expect(owners).toEqual([{ name: 'web' }, { name: 'data.platform' }, { name: 'web' }]);
  });

  it.each(['', 'S3CRET', 's3cre', 's3cret ', digestOf('s3cret'), 'web', 'é'.repeat(10_000)])(
    'knows nobody for %j',
    async (token) => {
      const verifier = await verifierOf(`${digestOf('s3cret')}  web`);

      expect(await verifier.verify(token)).toBeUndefined();
    },
  );

  it('knows nobody without teams', async () => {
    expect(await (await verifierOf('# none yet')).verify('')).toBeUndefined();
  });

  it.each(['s3cret web', digestOf('s3cret'), `${digestOf('s3cret')} two words`, `web ${digestOf('s3cret')}`])(
    'does not start with the line %j, and keeps it to itself',
    async (line) => {
      const refusal = verifierOf('# teams', line);

      await expect(refusal).rejects.toMatchObject({
        name: 'ConfigError',
        message: expect.stringMatching(
          /teams:2: expected the SHA-256 of a token and the name of its team$/,
        ) as string,
      });
    },
  );

  it('does not start without the file', () => {
    expect(() => TeamTokenVerifier.fromFile(join(directory, 'none'))).toThrow('ENOENT');
  });
});
