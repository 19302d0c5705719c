import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Logger } from '@nestjs/common';

import { AuthError } from './auth.errors.js';
import { SharedSecretVerifier } from './shared-secret.verifier.js';

const WRITER = { name: 'auth_token', kind: 'shared_secret' };

function verifier(options: { token?: string; tokenFile?: string }): SharedSecretVerifier {
  return new SharedSecretVerifier({
    token: undefined,
    tokenFile: undefined,
    readOnly: false,
    contextOf: () => ({ address: '192.0.2.1' }),
    isLocal: true,
    ...options,
  });
}

describe('SharedSecretVerifier', () => {
  beforeAll(() => {
    Logger.overrideLogger(false);
  });

  describe('with a token from the configuration', () => {
    it('knows the owner of that token', async () => {
      expect(await verifier({ token: 's3cret' }).verify('s3cret')).toEqual(WRITER);
    });

    it.each(['', 'S3CRET', 's3cret ', ' s3cret', 's3cre', 's3crett', 'other', '\0', 'é'.repeat(10_000)])(
      'knows nobody for %j',
      async (token) => {
        expect(await verifier({ token: 's3cret' }).verify(token)).toBeUndefined();
      },
    );

    it('keeps no trace of the token that an inspection would show', async () => {
      const own = verifier({ token: 's3cret' });
      await own.verify('s3cret');

      expect(JSON.stringify(own)).not.toContain('s3cret');
      expect(Object.values(own)).not.toContain('s3cret');
    });
  });

  it('knows nobody without any token', async () => {
    const none = verifier({});

    await expect(none.onModuleInit()).resolves.toBeUndefined();
    for (const token of ['', 'undefined', 'null']) expect(await none.verify(token)).toBeUndefined();
  });

  describe('with a token file', () => {
    let directory: string;
    let file: string;

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'token-'));
      file = join(directory, 'token');
    });

    afterEach(() => rm(directory, { recursive: true, force: true }));

    it('knows the owner of the token in it, with or without a line break at its end', async () => {
      for (const content of ['s3cret', 's3cret\n', '  s3cret\r\n\n']) {
        await writeFile(file, content);
        expect(await verifier({ tokenFile: file }).verify('s3cret')).toEqual(WRITER);
      }
    });

    it('prefers it to nothing at all: the token of the configuration is another one', async () => {
      await writeFile(file, 'from-the-file');
      const both = verifier({ token: 'configured', tokenFile: file });

      expect(await both.verify('configured')).toBeUndefined();
      expect(await both.verify('from-the-file')).toEqual(WRITER);
    });

    it('takes over a token that is written into it, at once', async () => {
      await writeFile(file, 'old-token');
      const own = verifier({ tokenFile: file });
      expect(await own.verify('old-token')).toEqual(WRITER);

      await writeFile(file, 'another-token');

      expect(await own.verify('old-token')).toBeUndefined();
      expect(await own.verify('another-token')).toEqual(WRITER);
    });

    // Mutant: only the modification time or the size is looked at.
    it('takes over a token of the same length and time, as a file that is renamed into place', async () => {
      const then = new Date('2024-02-29T12:00:00Z');
      await writeFile(file, 'token-1');
      await utimes(file, then, then);
      const own = verifier({ tokenFile: file });
      expect(await own.verify('token-1')).toEqual(WRITER);

      await writeFile(`${file}.new`, 'token-2');
      await utimes(`${file}.new`, then, then);
      await rename(`${file}.new`, file);

      expect(await own.verify('token-1')).toBeUndefined();
      expect(await own.verify('token-2')).toEqual(WRITER);
    });

    // A Secret's volume: token -> ..data/token, ..data -> ..<time>; an update swaps ..data.
    it('takes over a token when Kubernetes swaps the directory behind the link', async () => {
      const write = async (version: string, token: string): Promise<void> => {
        await mkdir(join(directory, `..${version}`));
        await writeFile(join(directory, `..${version}`, 'token'), token);
        await symlink(`..${version}`, join(directory, '..data_tmp'));
        await rename(join(directory, '..data_tmp'), join(directory, '..data'));
      };
      await write('2024', 'first-token');
      await symlink('..data/token', file);
      const own = verifier({ tokenFile: file });
      await own.onModuleInit();
      expect(await own.verify('first-token')).toEqual(WRITER);

      await write('2025', 'later-token');
      await rm(join(directory, '..2024'), { recursive: true });

      expect(await own.verify('first-token')).toBeUndefined();
      expect(await own.verify('later-token')).toEqual(WRITER);
    });

    it.each<[string, (path: string) => Promise<unknown>]>([
      ['is missing', (path) => rm(path, { force: true })],
      ['is empty', (path) => writeFile(path, '')],
      ['holds more than a token', (path) => writeFile(path, 'two words')],
      ['is blank', (path) => writeFile(path, ' \n')],
      ['is a directory', (path) => rm(path, { force: true }).then(() => mkdir(path))],
    ])('cannot tell whose a token is when the file %s, and does not start', async (_, spoil) => {
      await writeFile(file, 's3cret');
      const own = verifier({ tokenFile: file });
      expect(await own.verify('s3cret')).toEqual(WRITER);
      await spoil(file);

      const failure = { code: 'token_unavailable', message: expect.stringContaining(file) as string };
      await expect(own.verify('s3cret')).rejects.toBeInstanceOf(AuthError);
      await expect(own.verify('s3cret')).rejects.toMatchObject(failure);
      await expect(own.verify('')).rejects.toMatchObject(failure);
      await expect(verifier({ tokenFile: file }).onModuleInit()).rejects.toMatchObject(failure);
    });

    it('waits for nobody who writes into a pipe that has taken its place', async () => {
      await writeFile(file, 's3cret');
      const own = verifier({ tokenFile: file });
      await own.onModuleInit();
      await rm(file);
      execFileSync('mkfifo', [file]);
      await expect(own.verify('s3cret')).rejects.toMatchObject({ code: 'token_unavailable' });
    });

    it('recovers when the file is back', async () => {
      await writeFile(file, 's3cret');
      const own = verifier({ tokenFile: file });
      await own.onModuleInit();
      await rm(file);
      await expect(own.verify('s3cret')).rejects.toMatchObject({ code: 'token_unavailable' });

      await writeFile(file, 's3cret');

      expect(await own.verify('s3cret')).toEqual(WRITER);
    });
  });
});
