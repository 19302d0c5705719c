import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { FORGERIES } from '../testing/forged-tokens.js';
import { always, AUDIENCE, CLAIMS, TestIssuer } from '../testing/test-issuer.js';
import type { Identity } from './identity.js';
import { IdentityVerifier } from './identity.verifier.js';

const MINUTE = 60_000;
const makePipe = async (path: string): Promise<void> => {
  await rm(path);
  execFileSync('mkfifo', [path]);
};
const HOUR = 60 * MINUTE;

const seconds = (): number => Math.floor(Date.now() / 1000);

describe('IdentityVerifier', () => {
  let issuer: TestIssuer;
  const issuers: TestIssuer[] = [];

  beforeEach(async () => {
    jest.useFakeTimers({
      doNotFake: [
        ...(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const),
        ...(['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask', 'hrtime'] as const),
      ],
    });
    issuer = await start();
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    jest.useRealTimers();
    for (const one of issuers.splice(0)) await one.stop();
  });

  async function start(algorithm?: string): Promise<TestIssuer> {
    const started = await TestIssuer.start(algorithm);
    issuers.push(started);
    return started;
  }

  function identity(changes: Partial<Identity> = {}): Identity {
    return {
      name: 'templates',
      issuer: issuer.url,
      audience: AUDIENCE,
      claims: { repository: 'acme/*' },
      scopes: ['publish'],
      packages: ['web-*'],
      ...changes,
    };
  }

  function verifier(...identities: Identity[]): IdentityVerifier {
    return new IdentityVerifier({
      token: undefined,
      tokenFile: undefined,
      identities: identities.length === 0 ? [identity()] : identities,
      readOnly: false,
      isLocal: false,
      contextOf: () => ({ address: '192.0.2.1' }),
    });
  }

  /** What the log has of errors from now on. */
  function errors(): string[] {
    const lines: string[] = [];
    jest
      .spyOn(Logger.prototype, 'error')
      .mockImplementation((line: unknown) => void lines.push(String(line)));
    return lines;
  }

  const UNAVAILABLE = { code: 'token_unavailable' };

  it('knows a job by a token that its issuer has signed, and says of it what audit lines have', async () => {
    const principal = await verifier().verify(await issuer.token({ secret_thing: 'x', actor: 'anna' }));
    expect(principal).toEqual({
      name: 'templates',
      kind: 'identity',
      grant: { scopes: ['publish'], packages: ['web-*'], releases: undefined },
      claims: {
        sub: CLAIMS.sub,
        repository: 'acme/templates',
        ref: 'refs/heads/main',
        run_id: '17',
        actor: 'anna',
      },
    });
  });

  it.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'])(
    'takes %s',
    async (algorithm) => {
      issuer = await start(algorithm);
      expect(await verifier().verify(await issuer.token())).toMatchObject({ name: 'templates' });
    },
  );

  it('takes one of several audiences', async () => {
    const token = await issuer.token({ aud: ['https://other.example', AUDIENCE] });
    expect(await verifier().verify(token)).toMatchObject({ name: 'templates' });
  });

  it.each([['that is none', () => 'test-token'], ['that is empty', () => ''], ...FORGERIES] as const)(
    'takes nobody for the owner of a token %s',
    async (_, make) => {
      const own = verifier();
      const good = await issuer.token();
      expect(await own.verify(good)).toMatchObject({ name: 'templates' });
      expect(await own.verify(await make(good, issuer))).toBeUndefined();
    },
  );

  it.each([
    ['that has expired', { exp: -61 }, 'has expired'],
    ['that does not hold yet', { nbf: 90 }, 'not valid yet'],
    ['that will be issued', { iat: 90 }, 'not valid yet'],
  ])('tells whoever has a token %s', async (_, times, words) => {
    const token = await issuer.token(
      Object.fromEntries(Object.entries(times).map(([claim, offset]) => [claim, seconds() + offset])),
    );
    const refusal = { code: 'unauthorized', message: expect.stringContaining(words) as string };
    await expect(verifier().verify(token)).rejects.toMatchObject(refusal);
  });

  it('lets clocks differ by a minute', async () => {
    const times = { exp: seconds() - 55, nbf: seconds() + 55, iat: seconds() + 55 };
    expect(await verifier().verify(await issuer.token(times))).toMatchObject({ name: 'templates' });
  });

  it.each([
    ['another audience', { aud: 'https://other.example' }, 'another audience'],
    ['audiences of others', { aud: ['https://other.example', `${AUDIENCE}/`] }, 'another audience'],
    ['no audience', { aud: undefined }, 'another audience'],
    ['a claim that does not fit', { repository: 'evil/acme' }, 'other claims'],
    ['a claim in another case', { repository: 'Acme/templates' }, 'other claims'],
    ['a list as the claim', { repository: ['acme/templates'] }, 'other claims'],
    ['an object as the claim', { repository: { acme: 1 } }, 'other claims'],
    ['null as the claim', { repository: null }, 'other claims'],
    ['no such claim', { repository: undefined }, 'other claims'],
  ])('tells whoever has a genuine token with %s', async (_, claims, words) => {
    const refusal = { code: 'unauthorized', message: expect.stringContaining(words) as string };
    await expect(verifier().verify(await issuer.token(claims))).rejects.toMatchObject(refusal);
  });

  it.each<[string, Record<string, string>, Record<string, unknown>, boolean]>([
    ['all of them', { repository: 'acme/*', ref: 'refs/heads/*' }, {}, true],
    ['not all of them', { repository: 'acme/*', ref: 'refs/tags/*' }, {}, false],
    ['a number by its text', { repository_id: '4711' }, {}, true],
    ['another number', { repository_id: '471' }, {}, false],
    ['a truth value by its text', { ref_protected: 'true' }, { ref_protected: true }, true],
    ['another truth value', { ref_protected: 'true' }, { ref_protected: false }, false],
    ['what every object has', { toString: '*' }, {}, false],
    ['what every object has, as a claim', { constructor: 'x' }, { constructor: 'x' }, true],
  ])('compares claims with patterns: %s', async (_, patterns, claims, fits) => {
    const verified = verifier(identity({ claims: patterns })).verify(await issuer.token(claims));
    if (fits) await expect(verified).resolves.toMatchObject({ name: 'templates' });
    else await expect(verified).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('takes the first identity that fits, of those that trust the issuer', async () => {
    const own = verifier(
      identity({ name: 'other', audience: 'https://other.example' }),
      identity({ name: 'tags', claims: { ref: 'refs/tags/*' } }),
      identity({ name: 'main', claims: { ref: 'refs/heads/main' } }),
      identity({ name: 'any', claims: { ref: '*' } }),
    );
    expect(await own.verify(await issuer.token())).toMatchObject({ name: 'main' });
    expect(await own.verify(await issuer.token({ ref: 'refs/tags/v1' }))).toMatchObject({ name: 'tags' });
    expect(await own.verify(await issuer.token({ ref: 'x' }))).toMatchObject({ name: 'any' });
    expect(issuer.requests).toEqual(['/.well-known/openid-configuration', '/jwks']);
  });

  it('cuts what audit lines say, and lets it split no line', async () => {
    const token = await issuer.token({ ref: `a\nb\u2028c\u202ed\u0007${'x'.repeat(300)}`, run_id: 17 });
    const principal = await verifier().verify(token);
    expect(principal?.claims?.['ref']).toBe(`a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}${'x'.repeat(248)}`);
    expect(principal?.claims?.['run_id']).toBe('17');
  });

  describe('asks the issuer for its keys', () => {
    it('once, and again after ten minutes', async () => {
      const own = verifier();
      await Promise.all(Array.from({ length: 5 }, async () => own.verify(await issuer.token())));
      jest.advanceTimersByTime(9 * MINUTE);
      await own.verify(await issuer.token());
      expect(issuer.requests).toHaveLength(2);

      jest.advanceTimersByTime(2 * MINUTE);
      await own.verify(await issuer.token());
      expect(issuer.requests).toHaveLength(4);
    });

    it('at the start, which does not wait for them', async () => {
      errors();
      issuer.instead = () => undefined;
      await verifier().onModuleInit();
    });

    it('at an address of its own', async () => {
      const own = verifier(identity({ issuer: 'acme', jwksUri: `${issuer.url}/jwks` }));
      expect(await own.verify(await issuer.token({ iss: 'acme' }))).toMatchObject({ name: 'templates' });
      expect(issuer.requests).toEqual(['/jwks']);
    });

    it('for a key that it does not know, but not more often than every 30 s', async () => {
      const own = verifier();
      const old = await issuer.token();
      await own.verify(old);
      await issuer.rotate();
      const rotated = await issuer.token();
      jest.advanceTimersByTime(29_000);
      for (let round = 0; round < 20; round++) expect(await own.verify(rotated)).toBeUndefined();
      expect(issuer.requests).toHaveLength(2);

      jest.advanceTimersByTime(1000);
      const all = await Promise.all(Array.from({ length: 20 }, () => own.verify(rotated)));
      expect(all.every((one) => one?.name === 'templates')).toBe(true);
      expect(issuer.requests).toHaveLength(4);
      expect(await own.verify(old)).toBeUndefined();
    });

    it('never for a token of an issuer that is not trusted', async () => {
      const other = await start();
      expect(await verifier().verify(await other.token())).toBeUndefined();
      expect([...issuer.requests, ...other.requests]).toEqual([]);
    });

    it('and refuses tokens before it has had any', async () => {
      const lines = errors();
      const own = verifier();
      const token = await issuer.token();
      issuer.instead = always('', 500);
      await expect(own.verify(token)).rejects.toMatchObject({
        ...UNAVAILABLE,
        message: `The keys of ${issuer.url} cannot be had: ${issuer.url}/.well-known/openid-configuration: status 500`,
      });
      expect(lines).toEqual([expect.stringContaining('its tokens are refused')]);
      issuer.instead = undefined;
      await expect(own.verify(token)).rejects.toMatchObject(UNAVAILABLE);
      jest.advanceTimersByTime(30_000);
      expect(await own.verify(token)).toMatchObject({ name: 'templates' });
    });

    it('and trusts those that it had for a day while the issuer is down, which is one line in the log', async () => {
      const lines = errors();
      const recovered = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
      const own = verifier();
      await own.verify(await issuer.token());
      const stranger = await issuer.token({}, { kid: 'new' });
      issuer.instead = (request) => void request.socket.destroy();
      for (let hour = 0; hour < 23; hour++) {
        jest.advanceTimersByTime(HOUR);
        expect(await own.verify(await issuer.token())).toMatchObject({ name: 'templates' });
        // It may be signed with a key that is new since.
        await expect(own.verify(stranger)).rejects.toMatchObject(UNAVAILABLE);
      }
      expect(lines).toEqual([expect.stringContaining('trusted for 24 h')]);

      jest.advanceTimersByTime(HOUR + 1);
      await expect(own.verify(await issuer.token())).rejects.toMatchObject(UNAVAILABLE);

      issuer.instead = undefined;
      jest.advanceTimersByTime(30_000);
      expect(await own.verify(await issuer.token())).toMatchObject({ name: 'templates' });
      expect(recovered).toHaveBeenCalledWith(expect.stringContaining('can be fetched again'));
    });

    it('and gives up after 5 s, for whoever waits', async () => {
      errors();
      issuer.instead = () => undefined;
      const own = verifier();
      const token = await issuer.token();
      const begin = process.hrtime.bigint();
      const answers = await Promise.allSettled(Array.from({ length: 10 }, () => own.verify(token)));
      const took = Number(process.hrtime.bigint() - begin) / 1e6;
      expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
      expect(took).toBeGreaterThan(4000);
      expect(took).toBeLessThan(7000);
      expect(issuer.requests).toHaveLength(1);
    });

    it('and gives up on one that sends byte by byte', async () => {
      errors();
      issuer.instead = (_, response) => {
        const timer = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(timer));
      };
      await expect(verifier().verify(await issuer.token())).rejects.toMatchObject({
        message: expect.stringContaining('no answer in time') as string,
      });
    });

    const discovery = (changes: Record<string, unknown>): string =>
      JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/jwks`, ...changes });

    it.each<[string, () => string, string]>([
      ['of another issuer', () => discovery({ issuer: 'https://other.example' }), 'is of another issuer'],
      ['of the issuer with a slash', () => discovery({ issuer: `${issuer.url}/` }), 'is of another issuer'],
      ['of no issuer', () => discovery({ issuer: undefined }), 'is of another issuer'],
      ['without an address', () => discovery({ jwks_uri: undefined }), 'has no jwks_uri'],
      ['with no address', () => discovery({ jwks_uri: '/jwks' }), 'has no jwks_uri'],
      [
        'with an address in plain text',
        () => discovery({ jwks_uri: 'http://keys.example/jwks' }),
        'is no https address',
      ],
      [
        'with an address of a file',
        () => discovery({ jwks_uri: 'file:///etc/passwd' }),
        'is no https address',
      ],
      ['that is null', () => 'null', 'is of another issuer'],
      ['that is no JSON', () => '<html>', 'no JSON'],
      ['that is huge', () => `${discovery({})}${' '.repeat(300 * 1024)}`, 'more than 256 KiB'],
    ])('and takes no discovery document %s', async (_, body, words) => {
      const [line] = await refusedWith(always(body()));
      expect(line).toContain(words);
      expect(issuer.requests).toEqual(['/.well-known/openid-configuration']);
    });

    it.each<[string, () => string, string]>([
      ['that is no JSON', () => 'x', 'no JSON'],
      ['that is null', () => 'null', 'malformed'],
      ['without keys', () => '{"keys":[]}', 'no public key'],
      ['with keys of no kind', () => '{"keys":[{"kty":"RSA2"},{}]}', 'no public key'],
      ['with secrets only', () => '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}', 'no public key'],
      ['with a list of numbers', () => '{"keys":[1]}', 'malformed'],
      ['that is huge', () => JSON.stringify({ keys: [{ x: 'x'.repeat(300 * 1024) }] }), 'more than 256 KiB'],
    ])('and takes no key set %s', async (_, body, words) => {
      const [line] = await refusedWith((request, response) =>
        always(request.url === '/jwks' ? body() : discovery({}))(request, response),
      );
      expect(line).toContain(words);
    });

    // Mutant: anybody has the server say that it cannot check tokens, by the id of a key that is of no use.
    it('and takes a token by a key of no use for one of nobody', async () => {
      const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
      const { keys } = JSON.parse(issuer.keySet()) as { keys: object[] };
      const useless = [
        { ...weak, kid: 'short' },
        { kty: 'RSA', kid: 'empty' },
        { kty: 'RSA', kid: 'damaged', n: '!', e: 'AQAB' },
      ];
      const body = JSON.stringify({ keys: [...keys, ...useless] });
      issuer.instead = always(body);
      const own = verifier(identity({ jwksUri: `${issuer.url}/jwks` }));
      for (const { kid } of useless)
        expect(await own.verify(await issuer.token({}, { kid }))).toBeUndefined();
      expect(await own.verify(await issuer.token())).toMatchObject({ name: 'templates' });
    });

    it('and follows it nowhere', async () => {
      const other = await start();
      const [line] = await refusedWith(always('', 302, { Location: `${other.url}/jwks` }));
      expect(line).toContain('status 302');
      expect(other.requests).toEqual([]);
    });

    /** The lines in the log when the issuer answers so to whoever asks for its keys. */
    async function refusedWith(answer: TestIssuer['instead']): Promise<string[]> {
      const lines = errors();
      issuer.instead = answer;
      await expect(verifier().verify(await issuer.token())).rejects.toMatchObject(UNAVAILABLE);
      return lines;
    }

    it('and lets in whom another identity knows', async () => {
      errors();
      issuer.instead = always('', 503);
      const directory = await mkdtemp(join(tmpdir(), 'identities-'));
      const file = join(directory, 'keys.json');
      await writeFile(file, issuer.keySet());
      const own = verifier(identity({ name: 'down' }), identity({ name: 'file', jwksFile: file }));
      expect(await own.verify(await issuer.token())).toMatchObject({ name: 'file' });
      await rm(directory, { recursive: true });
    });
  });

  describe('reads keys from a file', () => {
    let directory: string;
    let file: string;

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'identities-'));
      file = join(directory, 'keys.json');
      await writeFile(file, issuer.keySet());
    });

    afterEach(() => rm(directory, { recursive: true }));

    async function replace(content: string): Promise<void> {
      await writeFile(`${file}.new`, content);
      await rename(`${file}.new`, file);
    }

    it('and again when it changes', async () => {
      const own = verifier(identity({ jwksFile: file }));
      await own.onModuleInit();
      const old = await issuer.token();
      expect(await own.verify(old)).toMatchObject({ name: 'templates' });

      await issuer.rotate();
      await replace(issuer.keySet());

      expect(await own.verify(old)).toBeUndefined();
      expect(await own.verify(await issuer.token())).toMatchObject({ name: 'templates' });
      expect(issuer.requests).toEqual([]);
    });

    it.each([
      ['is no JSON', (path: string) => writeFile(path, '{')],
      ['has no key', (path: string) => writeFile(path, '{"keys":[]}')],
      ['is huge', (path: string) => writeFile(path, ' '.repeat(300 * 1024))],
      ['is missing', (path: string) => rm(path)],
      ['is a pipe', makePipe],
    ])('and keeps what it had when the file %s, with one line in the log', async (_, spoil) => {
      const lines = errors();
      const own = verifier(identity({ jwksFile: file }));
      await own.onModuleInit();
      await spoil(file);
      for (let round = 0; round < 3; round++) {
        expect(await own.verify(await issuer.token())).toMatchObject({ name: 'templates' });
      }
      expect(lines).toEqual([expect.stringContaining(`jwks_file ${file} cannot be used`)]);
      await expect(verifier(identity({ jwksFile: file })).onModuleInit()).rejects.toMatchObject(UNAVAILABLE);

      await issuer.rotate();
      await replace(issuer.keySet());
      expect(await own.verify(await issuer.token())).toMatchObject({ name: 'templates' });
    });
  });
});
