import { readdir } from 'node:fs/promises';

import { runToExit } from '../support/process.js';
import { row } from './support/row.js';

const SECRET = 's3cr3t-t0ken';
const EX_CONFIG = 78;
const token = `auth_token: ${SECRET}`;

/** Aliases of aliases: 9 to the 9th items, had one room for them. */
function aliasBomb(key: string): string {
  const levels = 'abcdefghi'.split('');
  const lists = levels.map((level, index) => {
    const item = index === 0 ? 'x' : `*${levels[index - 1]}`;
    return `&${level} [${Array<string>(9).fill(item).join(', ')}]`;
  });
  return `${key}: [${lists.join(', ')}]`;
}

/** A configuration that is wrong, and the place that the message has to name. */
const MISTAKES: readonly [string, string, string][] = [
  ['a key twice', `${token}\nport: 0\nport: 0\n`, ':3: port: '],
  ['a secret twice', `${token}\nport: 0\n${token}\n`, ':3: auth_token: '],
  ['aliases of aliases', `${token}\n${aliasBomb('port')}\n`, ':2: port: '],
  ['aliases of aliases for a secret', `${aliasBomb('auth_token')}\n`, ':1: auth_token: '],
  ['lists of lists', `${token}\nport: ${'['.repeat(100_000)}\n`, ':2: port: '],
  ['__proto__', `${token}\n__proto__: {read_only: true, auth_token: x}\n`, ':2: __proto__: '],
  ['constructor', `${token}\nconstructor: {prototype: {read_only: true}}\n`, ':2: constructor: '],
  ['a merge key', `${token}\n<<: {read_only: true}\n`, ':2: "<<": '],
  [
    'an unknown key',
    `${token}\nmax_package: 5\n`,
    ':2: max_package: unknown key, did you mean max_packages?',
  ],
  ['a wrong type', `${token}\nmax_packages: many\n`, ':2: max_packages: '],
  ['a truth value that is none', `${token}\nread_only: "perhaps"\n`, ':2: read_only: '],
  ['a size without a unit that exists', `${token}\nmax_upload_size: 5 bananas\n`, ':2: max_upload_size: '],
  ['a secret that is a list', `auth_token: [${SECRET}]\n`, ':1: auth_token: '],
  ['a secret that is not closed', `auth_token: "${SECRET}\nport: 0\n`, ':2: port: '],
  ['a secret with a tag', `auth_token: !!int ${SECRET}\n`, ':1: auth_token: '],
  ['a function', `${token}\nport: !!js/function "function () {}"\n`, ':2: port: '],
  ['two documents', `${token}\n---\n${token}\n`, ': expected one YAML document, found 2'],
  ['no secret', 'port: 0\n', ': auth_token: missing'],
];

row(
  'B11',
  'configurations that are wrong, hostile or hold a misplaced secret',
  { rounds: { usual: 1, long: 10, of: 'rounds' } },
  async ({ rounds, directory }) => {
    const environment = { HOST: '127.0.0.1', STORAGE_PATH: directory };
    for (let round = 0; round < rounds; round++) {
      for (const [what, yaml, place] of MISTAKES) {
        const { code, output } = await runToExit(yaml, environment);
        expect(`${what}: ${code}`).toBe(`${what}: ${EX_CONFIG}`);
        const lines = output.trimEnd().split('\n');
        expect(`${what}: ${lines.length} line`).toBe(`${what}: 1 line`);
        const { level, message } = JSON.parse(lines[0] ?? '') as { level: string; message: string };
        expect(level).toBe('FATAL');
        expect(message).toContain(`config.yaml${place}`);
        expect(message.length).toBeLessThan(1000);
        expect(`${what}: ${output.includes(SECRET) ? 'told the secret' : 'no secret'}`).toBe(
          `${what}: no secret`,
        );
      }
    }
    expect(await readdir(directory)).toEqual([]);
  },
);
