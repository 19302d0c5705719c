import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { ConfigError } from './config.error.js';
import { loadValues, type Loaded } from './config.loader.js';
import { duration } from './config.quantity.js';

const text = z.string({ error: 'expected a text' }).min(1, 'expected a text');
const SCHEMA = z.strictObject({
  port: z.int({ error: 'expected a port' }).default(8000),
  retention: z
    .strictObject(
      { max_age: duration.optional(), keep: z.array(text, { error: 'expected a list' }).default([]) },
      { error: 'expected the keys of the section retention' },
    )
    .default({ keep: [] }),
  tokens: z
    .array(
      z.strictObject(
        {
          name: text,
          sha256: text.optional(),
          scopes: z.array(z.enum(['read', 'write'], { error: 'expected read or write' })).default(['read']),
          expires_in: duration.optional(),
          limits: z
            .strictObject({ uploads: z.int({ error: 'expected a whole number' }).optional() })
            .optional(),
        },
        { error: 'expected the keys of a token' },
      ),
      { error: 'expected a list of tokens' },
    )
    .default([]),
  tls: z
    .strictObject({ cert_file: text.optional() })
    .optional()
    .meta({ onlyWith: { port: '443' } }),
});

describe('sections and lists of objects', () => {
  let directory: string;
  let path: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'config-'));
    path = join(directory, 'config.yaml');
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function loaded(
    lines: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Loaded<typeof SCHEMA>['values'] {
    writeFileSync(path, `${lines.join('\n')}\n`);
    return loadValues(SCHEMA, { CONFIG_PATH: path, ...environment }).values;
  }

  function refusal(lines: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
    try {
      loaded(lines, environment);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.message.replaceAll(path, 'FILE');
    }
    throw new Error('the configuration was accepted');
  }

  it('are read, each value as its own key takes it', () => {
    const { retention, tokens } = loaded([
      'retention: { max_age: 90d, keep: "a, b" }',
      'tokens:',
      '  - name: "123"',
      '    expires_in: "1d"',
      '    scopes: read, write',
      '    limits: { uploads: "5" }',
      '  - name: |',
      '      ci',
    ]);

    expect(retention).toEqual({ max_age: 90 * 86_400_000, keep: ['a', 'b'] });
    expect(tokens).toEqual([
      { name: '123', scopes: ['read', 'write'], expires_in: 86_400_000, limits: { uploads: 5 } },
      { name: 'ci', scopes: ['read'] },
    ]);
  });

  describe('in the environment', () => {
    it('have a variable for each key of a section, above the file', () => {
      const { retention } = loaded(['retention: { max_age: 90d, keep: [a] }'], { RETENTION_MAX_AGE: '1h' });
      expect(retention).toEqual({ max_age: 3_600_000, keep: ['a'] });
      expect(loaded([], { RETENTION_KEEP: 'a,b' }).retention).toEqual({ keep: ['a', 'b'] });
    });

    it('have none for a list of objects', () => {
      const variables = { TOKENS: '[{name: x}]', TOKENS_NAME: 'x', 'TOKENS_*_NAME': 'x' };
      expect(loaded(['tokens: [{ name: a }]'], variables).tokens).toEqual([{ name: 'a', scopes: ['read'] }]);
    });

    it('have none while another key says that the section is not used', () => {
      expect(loaded([], { TLS_CERT_FILE: 'x' }).tls).toBeUndefined();
    });

    it('are told by the variable', () => {
      expect(refusal([], { RETENTION_MAX_AGE: 'long' })).toBe(
        'environment variable RETENTION_MAX_AGE: retention.max_age: expected a time span such as 500ms, 60s or 5m',
      );
    });
  });

  const TWO = ['tokens:', '  - name: a', '  - name: b'];
  it.each<[string, readonly string[], string]>([
    [
      'an unknown key in an item',
      [...TWO, '    nmae: c'],
      'FILE:4: tokens[1].nmae: unknown key, did you mean tokens[1].name?',
    ],
    [
      'a key of another place in an item',
      [...TWO, '    retention: 1'],
      'FILE:4: tokens[1].retention: unknown key, did you mean retention?',
    ],
    [
      'a key of an item at the top',
      [...TWO, 'expires_in: 1d'],
      'FILE:4: expires_in: unknown key, did you mean tokens[].expires_in?',
    ],
    [
      'a key far from all in an item',
      [...TWO, '    completely_different: c'],
      'FILE:4: tokens[1].completely_different: unknown key, the valid keys are name, sha256, scopes, expires_in, limits',
    ],
    [
      'a key that would split the line',
      [...TWO, '    "a\\nb c": 1'],
      'FILE:4: tokens[1]."a\\nb c": unknown key, the valid keys are name, sha256, scopes, expires_in, limits',
    ],
    [
      '__proto__ in an item',
      [...TWO, '    __proto__: { name: c }'],
      'FILE:4: tokens[1].__proto__: unknown key, the valid keys are name, sha256, scopes, expires_in, limits',
    ],
    [
      'a misspelt section',
      ['retentoin: { max_age: 1d }'],
      'FILE:1: retentoin: unknown key, did you mean retention?',
    ],
    ['a misspelt list', ['token: []'], 'FILE:1: token: unknown key, did you mean tokens?'],
    ['a key twice in an item', [...TWO, '    name: c'], 'FILE:4: tokens[1].name: duplicated mapping key'],
    [
      'a key twice in a section',
      ['retention:', '  max_age: 1d', '  max_age: 2d'],
      'FILE:3: retention.max_age: duplicated mapping key',
    ],
    [
      'a word twice that is no key',
      ['retention:', '  s3cr3t: 1d', '  s3cr3t: 2d'],
      'FILE:3: retention: duplicated mapping key',
    ],
    [
      'a wrong type',
      [...TWO, '    expires_in: soon'],
      'FILE:4: tokens[1].expires_in: expected a time span such as 500ms, 60s or 5m',
    ],
    [
      'a wrong type on one line',
      ['tokens: [{ name: a },', '  { name: 1 }]'],
      'FILE:2: tokens[1].name: expected a text',
    ],
    [
      'an item of a list in an item',
      [...TWO, '    scopes:', '      - read', '      - delete'],
      'FILE:6: tokens[1].scopes[1]: expected read or write',
    ],
    [
      'a wrong type in a section of an item',
      [...TWO, '    limits:', '      uploads: many'],
      'FILE:5: tokens[1].limits.uploads: expected a whole number',
    ],
    [
      'an item without a key that it needs',
      ['tokens:', '  - name: a', '  - sha256: b'],
      'FILE:3: tokens[1].name: expected a text',
    ],
    ['an item that is a text', ['tokens:', '  - a'], 'FILE:2: tokens[0]: expected the keys of a token'],
    ['an object for a list', ['port: 1', 'tokens: { name: a }'], 'FILE:2: tokens: expected a list of tokens'],
    ['a text for a list', ['tokens: a, b'], 'FILE:1: tokens: expected a list of tokens'],
    [
      'a text for a section',
      ['retention: 90d'],
      'FILE:1: retention: expected the keys of the section retention',
    ],
    ['an object that holds itself', ['tokens: &a [*a]'], 'FILE:1: tokens[0]: expected the keys of a token'],
    [
      'several things',
      ['tokens:', '  - nmae: a', 'retention: { max_age: x }'],
      'FILE:3: retention.max_age: expected a time span such as 500ms, 60s or 5m; FILE:2: tokens[0].name: expected a text; ' +
        'FILE:2: tokens[0].nmae: unknown key, did you mean tokens[0].name?',
    ],
  ])('are refused with name and line, here %s', (_, lines, message) => {
    expect(refusal(lines)).toBe(message);
  });
});
