import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { parseArgs } from 'node:util';

import {
  AuthError,
  ConfiguredVerifier,
  IdentityVerifier,
  isTokenText,
  makeToken,
  NamedTokenVerifier,
  SharedSecretVerifier,
  type Principal,
} from '#auth';

import { loadConfig } from '../config/config.loader.js';
import { identityOf } from '../config/identity.factory.js';
import { NamedTokens } from '../config/named-tokens.js';
import { runCommand, UsageError } from './command.js';
import { tokenEntry } from './token-entry.js';

const NAME = 'token';
const HELP = `Usage: ${NAME} create --name NAME --scope SCOPE [OPTION...]
       ${NAME} check

create makes a token. It prints the entry for the list tokens of the configuration or of tokens_file, which has no more
than its hash, and on standard error the token, this once. See "Tokens" in docs/operations.md.

      --name NAME         whose it is, for the log
      --scope SCOPE       read, publish, overwrite, delete or admin; several with commas, or by several options
      --packages PATTERN  names of packages that it is for, with * and ?; by default all
      --releases PATTERN  tags of releases that it is for; by default all
      --expires WHEN      a time span such as 90d, or a date or time to come; by default never

check reads a token from standard input, or asks for it, and tells what it may do by the configuration, which it reads as
the server does (CONFIG_PATH, environment). It ends with 1 where the token is not valid.

  -h, --help              print this
`;

async function token(): Promise<number> {
  const several = { type: 'string', multiple: true } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      scope: several,
      packages: several,
      releases: several,
      expires: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { help, ...options } = values;
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [command, ...rest] = positionals;
  if (rest.length > 0) {
    throw new UsageError('a token is never an argument, which others can see: give it on standard input');
  }
  if (command === 'create') return create(options);
  if (command === 'check' && Object.keys(options).length === 0) return check();
  throw new UsageError(command === 'check' ? 'check has no options' : 'say create or check');
}

function create(options: Parameters<typeof tokenEntry>[1]): number {
  const made = makeToken();
  const entry = tokenEntry(made, options, Date.now());
  process.stdout.write(entry);
  process.stderr.write(`The token, which is shown only now:\n${made}\n`);
  return 0;
}

async function check(): Promise<number> {
  const config = loadConfig();
  const tokens = new NamedTokens(config);
  const options = {
    token: config.auth_token,
    tokenFile: config.auth_token_file,
    tokens,
    identities: config.identities.map(identityOf),
    readOnly: config.read_only,
    contextOf: () => ({ address: '' }),
    isLocal: true,
  };
  const verifier = new ConfiguredVerifier(
    new NamedTokenVerifier(options),
    new SharedSecretVerifier(options),
    new IdentityVerifier(options),
  );
  const given = (await readSecret()).trim();
  try {
    const principal = await verifier.verify(given);
    process.stdout.write(principal === undefined ? unknown(given) : described(principal));
    return principal === undefined ? 1 : 0;
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== 'unauthorized') throw error;
    process.stdout.write(`${error.message}\n`);
    return 1;
  }
}

/** From a terminal without an echo. */
async function readSecret(): Promise<string> {
  if (!process.stdin.isTTY) return text(process.stdin);
  process.stderr.write('Token: ');
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

function described({ name, grant }: Principal): string {
  if (grant === undefined) return `This is ${name}, which may do everything.\n`;
  const { scopes, packages = ['all'], releases = ['all'] } = grant;
  return `This is ${name}.\n  scopes    ${scopes.join(', ')}\n  packages  ${packages.join(', ')}\n  releases  ${releases.join(', ')}\n`;
}

function unknown(given: string): string {
  return isTokenText(given)
    ? 'The configuration does not have this token.\n'
    : 'The configuration does not have this token, and it is none that "token create" has made: look whether all of it was copied.\n';
}

await runCommand(NAME, token);
