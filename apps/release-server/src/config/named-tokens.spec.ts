import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Logger, type LoggerService } from '@nestjs/common';

import { until } from '../../test/support/until.js';
import { ConfigError } from './config.error.js';
import { configSchema } from './config.schema.js';
import { Config } from './config.js';
import { NamedTokens } from './named-tokens.js';

const entry = (name: string, digit: string): string =>
  `  - { name: ${name}, hash: 'sha256:${digit.repeat(64)}', scopes: [publish] }\n`;
const listOf = (...entries: string[]): string => `tokens:\n${entries.join('')}`;

describe('NamedTokens', () => {
  let directory: string;
  let path: string;
  let errors: string[];
  let lines: unknown[];
  let running: NamedTokens | undefined;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tokens-'));
    path = join(directory, 'tokens.yaml');
    errors = [];
    lines = [];
    const ignore = (): void => undefined;
    Logger.overrideLogger({
      log: (fields: unknown) => void lines.push(fields),
      warn: ignore,
      error: (_fields: unknown, message: unknown) => void errors.push(String(message)),
    } satisfies LoggerService);
  });

  afterEach(async () => {
    running?.onApplicationShutdown();
    Logger.overrideLogger(false);
    await rm(directory, { recursive: true, force: true });
  });

  function start(more: Record<string, unknown> = {}): NamedTokens {
    running = new NamedTokens(new Config(configSchema.parse({ tokens_file: path, ...more })));
    running.onApplicationBootstrap();
    return running;
  }
  const names = (tokens: NamedTokens): string[] => tokens.tokens.map(({ name }) => name);

  it('are those of the configuration and of the file, which is read again when it changes', async () => {
    await writeFile(path, listOf(entry('a', 'a'), entry('b', 'b')));
    const tokens = start({ tokens: [{ name: 'own', hash: `sha256:${'0'.repeat(64)}`, scopes: ['read'] }] });
    expect(names(tokens)).toEqual(['own', 'a', 'b']);

    await writeFile(path, listOf(entry('b', 'b'), entry('c', 'c')));
    await until(() => names(tokens).join() === 'own,b,c');
    expect(lines).toEqual([{ event: 'tokens.read', tokens: ['own', 'b', 'c'] }]);
  });

  // Mutant: the whole server waits for who writes into it, who may never come.
  it('stay as they are when a pipe has taken the place of the file', async () => {
    await writeFile(path, listOf(entry('a', 'a')));
    const tokens = start();
    await rm(path);
    execFileSync('mkfifo', [path]);
    await until(() => errors.length > 0);
    expect(errors[0]).toContain(`${path}: expected a file`);
    expect(names(tokens)).toEqual(['a']);
  });

  it("are read again when Kubernetes swaps a Secret's directory", async () => {
    for (const name of ['one', 'two']) {
      await mkdir(join(directory, name));
      await writeFile(join(directory, name, 'tokens.yaml'), listOf(entry(name, 'a')));
    }
    await symlink('one', join(directory, '..data'));
    await symlink('..data/tokens.yaml', path);
    const tokens = start();
    expect(names(tokens)).toEqual(['one']);

    await symlink('two', join(directory, '..data_tmp'));
    await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    await until(() => names(tokens).join() === 'two');
  });

  it.each<[string, string, RegExp]>([
    ['is no YAML', 'tokens: [', /tokens\.yaml:\d+: /],
    ['is empty', '', /tokens: expected a list of tokens/],
    ['has a token that lacks something', 'tokens: [{ name: a }]', /tokens\[0\]\.hash: expected sha256:/],
    [
      'has a token itself',
      "tokens: [{ name: a, token: rs_s3cret, scopes: [read], hash: 'sha256:" + 'a'.repeat(64) + "' }]",
      /tokens\[0\]\.token: a token never stands in the configuration/,
    ],
    ['has another key', 'identities: []', /identities: unknown key/],
  ])('stay as they were while the file %s, and it is said loudly', async (_, content, problem) => {
    await writeFile(path, listOf(entry('a', 'a')));
    const tokens = start();
    await writeFile(path, content);
    await until(() => errors.length > 0);
    expect(names(tokens)).toEqual(['a']);
    expect(errors).toEqual([expect.stringMatching(problem)]);
    expect(errors[0]).toMatch(/^the tokens stay as they were/);
    expect(errors[0]).not.toContain('s3cret');

    await writeFile(path, listOf(entry('b', 'b')));
    await until(() => names(tokens).join() === 'b');
    await writeFile(path, content);
    expect(() => start()).toThrow(ConfigError);
  });

  it('stay as they were when the file goes, and are not without it at the start', async () => {
    await writeFile(path, listOf(entry('a', 'a')));
    const tokens = start();
    await rm(path);
    await until(() => errors.length > 0);
    expect(names(tokens)).toEqual(['a']);
    expect(() => start()).toThrow(/tokens_file: .*tokens\.yaml: .*ENOENT/);
  });

  it('are none that stands in both places', async () => {
    await writeFile(path, listOf(entry('a', 'a')));
    const own = [{ name: 'own', hash: `sha256:${'A'.repeat(64)}`, scopes: ['read'] }];
    expect(() => start({ tokens: own })).toThrow(/tokens_file: .*the hash of a stands in tokens as well/);
  });
});
