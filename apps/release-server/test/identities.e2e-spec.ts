import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { dump, load } from 'js-yaml';

import { FORGERIES } from '../../../libs/auth/src/testing/forged-tokens.js';
import { always, AUDIENCE, CLAIMS, TestIssuer } from '../../../libs/auth/src/testing/test-issuer.js';
import { configSchema } from '../src/config/config.schema.js';
import { get, json, names, put } from './support/client.js';
import { runCommand } from './support/command.js';
import { Markdown } from './support/markdown.js';
import { makeDirectory } from './support/process.js';
import { AUTH, startServer, withServer, type TestServer } from './support/server.js';

const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });

describe('a server that knows identities', () => {
  let issuer: TestIssuer;
  let server: TestServer;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    const trusted = { issuer: issuer.url, audience: AUDIENCE };
    server = await startServer({
      identities: [
        {
          ...trusted,
          name: 'web',
          claims: { repository: 'acme/templates', ref: 'refs/heads/*' },
          scopes: ['publish'],
          packages: ['web-*'],
        },
        {
          ...trusted,
          name: 'tags',
          claims: { repository: 'acme/*', ref: 'refs/tags/v?.*' },
          scopes: ['publish', 'overwrite', 'delete'],
          releases: ['v2.*'],
        },
      ],
    });
  });

  afterAll(async () => {
    await server.stop();
    await issuer.stop();
  });

  /** The status of a request with a token, and the code and detail of its error. */
  async function ask(method: string, name: string, token: string): Promise<unknown[]> {
    const answer = await fetch(`${server.url}/assets/${name}`, {
      method,
      headers: { ...bearer(token), 'Content-Type': 'application/octet-stream' },
      ...(method === 'PUT' && { body: 'x' }),
    });
    const text = await answer.text();
    const { code, detail } = (answer.ok ? {} : JSON.parse(text)) as { code?: string; detail?: string };
    expect(text).not.toContain(token.slice(-20));
    return [answer.status, code, detail];
  }

  it('lets each job do what its identity may, and no more', async () => {
    const [branch, tag] = [await issuer.token(), await issuer.token({ ref: 'refs/tags/v2.0' })];
    expect(await ask('PUT', 'web-v2.0.zip', branch)).toEqual([201, undefined, undefined]);
    expect((await ask('PUT', 'db-v2.0.zip', branch)).slice(0, 2)).toEqual([403, 'insufficient_scope']);
    expect((await ask('DELETE', 'web-v2.0.zip', branch)).slice(0, 2)).toEqual([403, 'insufficient_scope']);
    expect((await ask('PUT', 'web-v1.0.zip', tag)).slice(0, 2)).toEqual([403, 'insufficient_scope']);
    expect(await ask('PUT', 'db-v2.0.zip', tag)).toEqual([201, undefined, undefined]);
    expect(await ask('DELETE', 'db-v2.0.zip', tag)).toEqual([204, undefined, undefined]);
    expect(await names(server)).toEqual(['web-v2.0.zip']);
  });

  it('says whose a token is and what it may do', async () => {
    expect(await json(await get(server, '/token', bearer(await issuer.token())))).toEqual({
      name: 'web',
      kind: 'identity',
      scopes: ['publish'],
      packages: ['web-*'],
    });
  });

  it('goes on taking the shared secret', async () => {
    expect((await get(server, '/token', AUTH)).status).toBe(200);
  });

  it.each(FORGERIES)('refuses a token %s', async (_, make) => {
    const token = await make(await issuer.token(), issuer);
    expect(await ask('PUT', 'web-forged.zip', token)).toEqual([
      401,
      'unauthorized',
      'The token is not valid.',
    ]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['another audience', { aud: 'https://other.example' }, 'another audience'],
    ['another repository', { repository: 'evil/acme' }, 'other claims'],
    ['the claims of two identities', { repository: 'acme/other', ref: 'refs/heads/main' }, 'other claims'],
    ['no claims', { repository: undefined }, 'other claims'],
    ['an end in the past', { exp: 1 }, 'expired'],
    ['a beginning in the future', { nbf: 4_000_000_000, exp: 4_000_000_300 }, 'not valid yet'],
  ])('refuses a genuine token with %s, and says why', async (_, claims, words) => {
    expect(await ask('PUT', 'web-other.zip', await issuer.token(claims))).toEqual([
      401,
      'unauthorized',
      expect.stringContaining(words),
    ]);
  });

  it('takes whoever reads for nobody, whatever token comes along', async () => {
    const wrong = await issuer.token({ aud: 'https://other.example' });
    for (const path of ['/latest', '/releases/tag/v2.0', '/assets/web-v2.0.zip']) {
      expect((await get(server, path, bearer(wrong))).status).toBe(200);
    }
  });

  it('answers 503 while an issuer cannot be asked, and takes other tokens', async () => {
    const down = await TestIssuer.start();
    down.instead = always('', 500);
    const identity = {
      name: 'down',
      issuer: down.url,
      audience: AUDIENCE,
      claims: { ref: '*' },
      scopes: ['publish'],
    };
    await withServer({ identities: [identity] }, async (own) => {
      const answer = await get(own, '/token', bearer(await down.token()));
      expect([answer.status, await json(answer)]).toMatchObject([503, { code: 'token_unavailable' }]);
      expect((await put(own, 'a.zip', 'x')).status).toBe(201);
    });
    await down.stop();
  });

  it('tells by release-server token check what a job may do', async () => {
    const directory = await makeDirectory();
    const path = join(directory.path, 'config.yaml');
    const identity = {
      name: 'ci',
      issuer: issuer.url,
      audience: AUDIENCE,
      claims: { ref: '*' },
      scopes: ['read'],
    };
    await writeFile(path, dump({ identities: [identity] }));
    const check = async (token: string) =>
      runCommand('token', ['check'], { CONFIG_PATH: path }, undefined, token);
    expect(await check(await issuer.token())).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^This is ci\.\n +scopes +read\n/) as string,
    });
    expect(await check(await issuer.token({ exp: 1 }))).toMatchObject({
      code: 1,
      stdout: 'The identity token has expired.\n',
    });
    await directory.remove();
  });

  it('starts with identities alone', async () => {
    const identity = {
      name: 'ci',
      issuer: issuer.url,
      audience: AUDIENCE,
      claims: { sub: CLAIMS.sub },
      scopes: ['read'],
    };
    await withServer({ auth_token: undefined, identities: [identity] }, async (own) => {
      expect((await get(own, '/token', bearer(await issuer.token()))).status).toBe(200);
      expect((await get(own, '/token', AUTH)).status).toBe(401);
    });
  });
});

describe('docs/identities.md', () => {
  const configurations = new Markdown('docs/identities.md').blocks.flatMap(({ info, text }) =>
    info === 'yaml' && /^(# .*\n)?identities:/.test(text) ? [text] : [],
  );

  it.each(configurations)('has a configuration that works: %#', (text) => {
    expect(configSchema.parse(load(text)).identities).toHaveLength(1);
  });

  it('has one for each issuer', () => {
    expect(configurations.map((text) => /issuer: (\S+)/.exec(text)?.[1])).toEqual([
      'https://token.actions.githubusercontent.com',
      'https://gitlab.com',
      'https://jenkins.example.org/oidc',
    ]);
  });
});
