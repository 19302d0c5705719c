import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runCommand, type Ended } from './support/command.js';
import { makeDirectory } from './support/process.js';
import { withServer } from './support/server.js';
import { get, json } from './support/client.js';

describe('release-server token', () => {
  let directory: Awaited<ReturnType<typeof makeDirectory>>;
  let file: string;

  beforeAll(async () => {
    directory = await makeDirectory();
    file = join(directory.path, 'tokens.yaml');
  });

  afterAll(() => directory.remove());

  const create = (...more: string[]): Promise<Ended> =>
    runCommand('token', ['create', '--name', 'ci', '--scope', 'publish', ...more]);
  const check = (input: string, environment: Record<string, string> = {}): Promise<Ended> =>
    runCommand(
      'token',
      ['check'],
      { CONFIG_PATH: '/dev/null', TOKENS_FILE: file, ...environment },
      undefined,
      input,
    );

  const tokenIn = (stderr: string): string => stderr.split('\n')[1] ?? '';

  it('makes a token and the entry that lets it in', async () => {
    const { code, stdout: entry, stderr } = await create('--packages', 'x-*', '--expires', '90d');
    expect(code).toBe(0);
    const token = tokenIn(stderr);
    expect(token).toMatch(/^rs_[0-9A-Za-z]{33}$/);
    expect(entry).not.toContain(token);
    await writeFile(file, `tokens:\n${entry}`);

    await withServer({ tokens_file: file, auth_token: undefined }, async (server) => {
      const answer = await get(server, '/token', { Authorization: `Bearer ${token}` });
      expect(await json(answer)).toEqual({
        name: 'ci',
        kind: 'token',
        scopes: ['publish'],
        packages: ['x-*'],
      });
    });
    expect(await check(`${token}\n`)).toEqual({
      code: 0,
      stdout: 'This is ci.\n  scopes    publish\n  packages  x-*\n  releases  all\n',
      stderr: '',
    });
  });

  it('tells of tokens that are valid no longer, or never were', async () => {
    const { stdout: entry, stderr } = await create();
    await writeFile(file, `tokens:\n${entry}    expires_at: 2020-01-01\n`);
    expect(await check(tokenIn(stderr))).toMatchObject({
      code: 1,
      stdout: 'The token ci expired at 2020-01-01T00:00:00.000Z.\n',
    });
    const other = tokenIn((await create()).stderr);
    expect(await check(other)).toMatchObject({
      code: 1,
      stdout: 'The configuration does not have this token.\n',
    });
    expect((await check(other.slice(0, -1))).stdout).toContain('look whether all of it was copied');
    const shared = await check('s3cret', { AUTH_TOKEN: 's3cret' });
    expect(shared).toMatchObject({ code: 0, stdout: 'This is auth_token, which may do everything.\n' });
  });

  it.each<[string, string[], RegExp]>([
    ['no command', [], /say create or check/],
    ['another command', ['show'], /say create or check/],
    ['a token as an argument', ['check', 'rs_x'], /never an argument.*; see --help/],
    ['an option of the other', ['check', '--name', 'x'], /check has no options/],
    [
      'what has expired',
      ['create', '--name', 'x', '--scope', 'read', '--expires', '2020-01-01'],
      /has passed/,
    ],
    ['a scope that there is not', ['create', '--name', 'x', '--scope', 'write'], /--scope: expected a list/],
  ])('refuses %s', async (_, parameters, message) => {
    const { code, stdout, stderr } = await runCommand('token', parameters);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('rs_x');
  });

  it('says that a configuration has no tokens at all, as the server does', async () => {
    const { code, stdout, stderr } = await check('x', { TOKENS_FILE: '' });
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain('/dev/null: auth_token: missing: give auth_token');
  });

  it('does not say more of a configuration that cannot be used than where', async () => {
    await writeFile(file, 'tokens: [{ name: ci, token: rs_s3cret }]');
    const { code, stdout, stderr } = await check('x');
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain(`${file}:1: tokens[0].token: a token never stands in the configuration`);
    expect(stderr).not.toContain('s3cret');
  });
});
