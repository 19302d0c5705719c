import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { dump } from 'js-yaml';

import { FORGERIES } from '../../../../libs/auth/src/testing/forged-tokens.js';
import { AUDIENCE, TestIssuer } from '../../../../libs/auth/src/testing/test-issuer.js';
import { names } from '../support/client.js';
import { row } from './support/row.js';
import { ask, form, type Message } from './support/wire.js';

/** Tokens that the issuer has signed, for somebody else or another time. */
const GENUINE: readonly (readonly [what: string, claims: Record<string, unknown>])[] = [
  ['for another audience', { aud: 'https://other.example' }],
  ['for no audience', { aud: undefined }],
  ['of another repository', { repository: 'evil/templates' }],
  ['of a repository whose name goes on', { repository: 'acme/templates-evil' }],
  ['of another branch', { ref: 'refs/heads/main-evil' }],
  ['of no branch', { ref: undefined }],
  ['that has expired', { exp: Math.floor(Date.now() / 1000) - 3600 }],
  ['of the future', { nbf: Math.floor(Date.now() / 1000) + 3600 }],
  ['that will be issued', { iat: Math.floor(Date.now() / 1000) + 3600 }],
];

const WRITES: readonly [string, Message][] = [
  ['PUT /assets/web-a.zip?overwrite=true', { body: 'written' }],
  ['POST /upload?overwrite=true', form('name="file"; filename="web-a.zip"')],
  ['DELETE /assets/web-a.zip', {}],
  ['GET /token', {}],
];

row(
  'A7',
  'identity tokens that are forged, of others, of another time or huge, and 200 of keys that are not there',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async ({ server: start, rounds, atEnd }) => {
    const issuer = await TestIssuer.start();
    atEnd(() => issuer.stop());
    const directory = await mkdtemp(join(tmpdir(), 'identities-'));
    atEnd(() => rm(directory, { recursive: true }));
    const config = join(directory, 'config.yaml');
    const identity = {
      name: 'web',
      issuer: issuer.url,
      audience: AUDIENCE,
      claims: { repository: 'acme/templates', ref: 'refs/heads/mai?' },
      scopes: ['publish'],
      packages: ['web-*'],
    };
    await writeFile(config, dump({ identities: [identity] }));
    const server = await start({ CONFIG_PATH: config });
    const sent = new Set<string>();
    const status = async (request: string, token: string, message: Message = {}): Promise<number> => {
      sent.add(token);
      const headers = [`Authorization: Bearer ${token}`, ...(message.headers ?? [])];
      return (await ask(server, request, { ...message, headers })).status;
    };
    for (let round = 0; round < rounds; round++) {
      const good = await issuer.token();
      const name = `web-${round}.zip`;
      expect(await status(`PUT /assets/${name}`, good, { body: 'x' })).toBe(201);
      for (const request of [
        `PUT /assets/db.zip`,
        `PUT /assets/${name}?overwrite=true`,
        `DELETE /assets/${name}`,
      ]) {
        expect(`${request}: ${await status(request, good, { body: 'y' })}`).toBe(`${request}: 403`);
      }
      const tokens = [
        ...FORGERIES.map(async ([what, make]) => [what, await make(good, issuer)] as const),
        ...GENUINE.map(async ([what, claims]) => [what, await issuer.token(claims)] as const),
      ];
      for (const [what, token] of await Promise.all(tokens)) {
        for (const [request, message] of WRITES) {
          const answer = `${request} with one ${what}: ${await status(request, token, message)}`;
          expect(answer).toBe(`${request} with one ${what}: 401`);
        }
      }
      const asked = issuer.requests.length;
      const unknown = Array.from({ length: 200 }, (_, index) =>
        issuer.token({}, { kid: `unknown-${index}` }),
      );
      const answers = await Promise.all(unknown.map(async (token) => status('GET /token', await token)));
      expect([...new Set(answers)]).toEqual([401]);
      const times = issuer.requests.length - asked > 2 ? 'again and again' : 'once at most';
      expect(`the issuer is asked ${times}`).toBe('the issuer is asked once at most');
    }
    expect((await names(server)).toSorted()).toEqual(
      Array.from({ length: rounds }, (_, round) => `web-${round}.zip`).toSorted(),
    );
    const lines = await server.logged();
    const published = lines.filter((line) => line.includes('"package.published"'));
    expect(JSON.parse(published[0] ?? '{}')).toMatchObject({
      actor: 'web',
      actor_kind: 'identity',
      claims: { repository: 'acme/templates', ref: 'refs/heads/main', run_id: '17' },
    });
    const log = lines.join('\n');
    const logged = [...sent].filter((token) => log.includes(token.split('.')[2] || token));
    expect(logged).toEqual([]);
  },
);
