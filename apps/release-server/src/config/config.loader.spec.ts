import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ConfigError } from './config.error.js';
import { loadConfig } from './config.loader.js';
import { serverConfigSchema } from './config.schema.js';
import { Config } from './config.js';

const DEFAULT_PATH = '/etc/release-server/config.yaml';
const SECRET = 's3cr3t';
const MiB = 1024 ** 2;

describe('loadConfig', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'config-'));
    path = join(directory, 'config.yaml');
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** Loads a file of these lines, under these environment variables. */
  function load(
    lines: string | readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Config {
    writeFileSync(path, typeof lines === 'string' ? lines : `${lines.join('\n')}\n`);
    return loadConfig(serverConfigSchema, { CONFIG_PATH: path, ...environment });
  }

  /** The message with which a configuration is refused: one line, whatever was wrong. */
  function refusal(
    lines: string | readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): string {
    try {
      load(lines, environment);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.message).toMatch(/^[^\p{Cc}]+$/u);
      return error.message.replaceAll(path, 'FILE');
    }
    throw new Error('the configuration was accepted');
  }

  describe('without a word of configuration but a token', () => {
    it('has the documented defaults', () => {
      expect(load('', { AUTH_TOKEN: SECRET })).toEqual({
        host: '0.0.0.0',
        port: 8000,
        public_url: undefined,
        trust_proxy: false,
        storage_driver: 'filesystem',
        storage_path: '/data',
        max_packages: 200,
        retention: {
          evict: 'packages',
          keep_releases: null,
          keep_prereleases: null,
          max_age: null,
          protect: [],
          protect_latest: false,
        },
        max_upload_size: 256 * MiB,
        min_free_space: 64 * MiB,
        auth_token: SECRET,
        auth_token_file: undefined,
        tokens: [],
        tokens_file: undefined,
        identities: [],
        read_access: 'public',
        link_expires: 3_600_000,
        read_only: false,
        allow_overwrite: true,
        allow_delete: true,
        immutable: false,
        repository: 'release-server/releases',
        strict_repository: false,
        log_level: 'info',
        keep_alive_timeout: 75_000,
        shutdown_timeout: 60_000,
      });
    });

    it('needs no file at the default place', () => {
      if (existsSync(DEFAULT_PATH)) {
        console.warn(`${DEFAULT_PATH} exists on this machine; what happens without it is not tested`);
        return;
      }
      expect(loadConfig(serverConfigSchema, { AUTH_TOKEN: SECRET }).port).toBe(8000);
      // An empty variable counts as not set.
      expect(loadConfig(serverConfigSchema, { AUTH_TOKEN: SECRET, CONFIG_PATH: '' }).port).toBe(8000);
      expect(() => loadConfig(serverConfigSchema, {})).toThrow(
        `${DEFAULT_PATH} (no such file): auth_token: missing`,
      );
    });

    it.each(['', '# only a comment\n', '---\n', 'null\n'])('takes the file %j for an empty one', (text) => {
      expect(load(text, { AUTH_TOKEN: SECRET }).port).toBe(8000);
    });
  });

  it('is one frozen object of the class that is its injection token', () => {
    const config = load([`auth_token: ${SECRET}`]);

    expect(config).toBeInstanceOf(Config);
    expect(Object.isFrozen(config)).toBe(true);
    expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
    expect(config.port).toBe(8000);
  });

  it('reads every key of the file', () => {
    const config = load([
      'host: 127.0.0.1',
      'port: 0',
      'public_url: https://x.example/releases',
      'trust_proxy: loopback',
      'storage_driver: filesystem',
      'storage_path: ./data',
      'max_packages: 10',
      'retention:',
      '  evict: releases',
      '  keep_releases: 10',
      '  keep_prereleases: 3',
      '  max_age: 365d',
      "  protect: ['v2.*', 'tool-?.zip']",
      '  protect_latest: true',
      'max_upload_size: 1GB',
      'min_free_space: 0',
      'auth_token_file: /run/secrets/token',
      'tokens:',
      `  - { name: ci, hash: 'sha256:${'0'.repeat(64)}', scopes: publish, expires_at: 2027-06-30 }`,
      'tokens_file: /run/secrets/tokens.yaml',
      'identities:',
      '  - { name: jobs, issuer: https://ci.example, audience: us, claims: { id: 1, ref: x* }, scopes: [read] }',
      'read_access: Token',
      'link_key_file: /run/secrets/links',
      'link_expires: 30m',
      'read_only: true',
      'allow_overwrite: false',
      'allow_delete: false',
      'repository: acme/tool',
      'strict_repository: true',
      'log_level: debug',
      'keep_alive_timeout: 10m',
      'shutdown_timeout: 5m',
    ]);

    expect(config).toEqual({
      host: '127.0.0.1',
      port: 0,
      public_url: 'https://x.example/releases',
      trust_proxy: 'loopback',
      storage_driver: 'filesystem',
      storage_path: './data',
      max_packages: 10,
      retention: {
        evict: 'releases',
        keep_releases: 10,
        keep_prereleases: 3,
        max_age: 365 * 86_400_000,
        protect: ['v2.*', 'tool-?.zip'],
        protect_latest: true,
      },
      max_upload_size: 1_000_000_000,
      min_free_space: 0,
      auth_token: undefined,
      auth_token_file: '/run/secrets/token',
      tokens: [
        {
          name: 'ci',
          hash: `sha256:${'0'.repeat(64)}`,
          scopes: ['publish'],
          expires_at: Date.UTC(2027, 5, 30),
        },
      ],
      tokens_file: '/run/secrets/tokens.yaml',
      identities: [
        {
          name: 'jobs',
          issuer: 'https://ci.example',
          audience: 'us',
          claims: { id: '1', ref: 'x*' },
          scopes: ['read'],
        },
      ],
      read_access: 'token',
      link_key_file: '/run/secrets/links',
      link_expires: 1_800_000,
      read_only: true,
      allow_overwrite: false,
      allow_delete: false,
      immutable: true,
      repository: 'acme/tool',
      strict_repository: true,
      log_level: 'debug',
      keep_alive_timeout: 600_000,
      shutdown_timeout: 300_000,
    });
  });

  describe('the environment', () => {
    it('outranks the file, key by key', () => {
      const file = ['port: 1', 'host: 127.0.0.1', 'max_packages: 5', 'auth_token: of-the-file'];

      const config = load(file, { PORT: '2', MAX_PACKAGES: '6', AUTH_TOKEN: SECRET });

      expect(config).toMatchObject({ port: 2, host: '127.0.0.1', max_packages: 6, auth_token: SECRET });
    });

    it('makes up for a value of the file that is wrong', () => {
      expect(load(['port: wrong', `auth_token: ${SECRET}`], { PORT: '2' }).port).toBe(2);
    });

    it('counts as not set where it is empty', () => {
      const config = load(['port: 1', `auth_token: ${SECRET}`], { PORT: '', HOST: '', AUTH_TOKEN: '' });

      expect(config).toMatchObject({ port: 1, host: '0.0.0.0', auth_token: SECRET });
    });

    it.each(['null', '~', 'Null'])('lifts the limit of packages with MAX_PACKAGES=%s', (value) => {
      const config = load(['max_packages: 5', `auth_token: ${SECRET}`], { MAX_PACKAGES: value });

      expect(config.max_packages).toBeNull();
    });

    it.each(['12345', 'true', 'null', '0x10', '1e3', '!tag', '*alias', '{a', '"quoted"', "it's", '#1'])(
      'gives a token of %s as it stands',
      (token) => {
        expect(load('', { AUTH_TOKEN: token }).auth_token).toBe(token);
      },
    );

    it('gives paths and addresses as they stand', () => {
      const config = load('', { AUTH_TOKEN: SECRET, STORAGE_PATH: '123', HOST: '::1' });

      expect(config).toMatchObject({ storage_path: '123', host: '::1' });
    });

    it('is not asked for keys that only look like ours', () => {
      expect(load('', { AUTH_TOKEN: SECRET, PATH: '/bin', port: '1', PORTS: 'x', __PROTO__: 'y' }).port).toBe(
        8000,
      );
    });
  });

  describe('a value that is written in another way', () => {
    it.each<[string, string, Partial<Config>]>([
      ['LOG_LEVEL', 'INFO', { log_level: 'info' }],
      ['LOG_LEVEL', ' Debug\r\n', { log_level: 'debug' }],
      ['STORAGE_DRIVER', 'Filesystem', { storage_driver: 'filesystem' }],
      ['READ_ONLY', '1', { read_only: true }],
      ['READ_ONLY', 'True', { read_only: true }],
      ['READ_ONLY', 'yes', { read_only: true }],
      ['READ_ONLY', 'on', { read_only: true }],
      ['READ_ONLY', '0', { read_only: false }],
      ['READ_ONLY', 'off', { read_only: false }],
      ['MAX_UPLOAD_SIZE', '1Gi', { max_upload_size: 1024 * MiB }],
      ['REPOSITORY', 'acme/tool\n', { repository: 'acme/tool' }],
      ['STRICT_REPOSITORY', 'yes', { strict_repository: true }],
      ['MAX_PACKAGES', '5', { max_packages: 5 }],
      ['PORT', '81\n', { port: 81 }],
      ['TRUST_PROXY', '1\n', { trust_proxy: 1 }],
      ['STORAGE_PATH', '/packages\n', { storage_path: '/packages' }],
      ['PUBLIC_URL', 'https://x.example\n', { public_url: 'https://x.example' }],
    ])('is taken as it is meant, here %s=%j', (variable, value, expected) => {
      expect(load('', { AUTH_TOKEN: SECRET, [variable]: value })).toMatchObject(expected);
      const quoted = `${variable.toLowerCase()}: ${JSON.stringify(value)}`;
      expect(load([quoted, `auth_token: ${SECRET}`])).toMatchObject(expected);
    });

    it('is a token with the line break that a Secret ends with', () => {
      expect(load('', { AUTH_TOKEN: `${SECRET}\n` }).auth_token).toBe(SECRET);
      expect(load(['auth_token: |', `  ${SECRET}`]).auth_token).toBe(SECRET);
      expect(load(`auth_token: "${SECRET}\\r\\n"\n`).auth_token).toBe(SECRET);
      expect(refusal('', { AUTH_TOKEN: ' \n' })).toContain('auth_token: missing');
    });
  });

  it('takes immutable for both keys that it stands for', () => {
    const keeping = { immutable: true, allow_overwrite: false, allow_delete: false };
    const token = `auth_token: ${SECRET}`;
    expect(load([token, 'immutable: true', 'allow_delete: true'])).toMatchObject(keeping);
    expect(load([token, 'allow_overwrite: false', 'allow_delete: false'])).toMatchObject(keeping);
    expect(load([token, 'allow_overwrite: false'])).toMatchObject({ immutable: false, allow_delete: true });
  });

  it('takes the section retention from the environment as well', () => {
    const config = load('', {
      AUTH_TOKEN: SECRET,
      RETENTION_EVICT: 'Releases',
      RETENTION_KEEP_RELEASES: '10',
      RETENTION_MAX_AGE: '1h',
      RETENTION_PROTECT: '*, v2.*',
      RETENTION_PROTECT_LATEST: 'yes',
    });

    expect(config.retention).toEqual({
      evict: 'releases',
      keep_releases: 10,
      keep_prereleases: null,
      max_age: 3_600_000,
      protect: ['*', 'v2.*'],
      protect_latest: true,
    });
    expect(load('', { AUTH_TOKEN: SECRET, RETENTION_PROTECT: '*' }).retention.protect).toEqual(['*']);
  });

  it.each([
    ['evict: files', 'retention.evict: expected packages or releases'],
    ['keep_releases: 0', 'retention.keep_releases: expected a whole number from 1, or null for no limit'],
    ['max_age: 59s', 'retention.max_age: expected a time span of at least 1m'],
    ['protect: { v2: x }', 'retention.protect: expected a list of patterns'],
    ["protect: ['']", 'retention.protect[0]: expected a pattern of tags and names'],
    ['keep: 3', 'retention.keep: unknown key'],
  ])('refuses %s in the section retention', (line, message) => {
    expect(refusal(['retention:', `  ${line}`, `auth_token: ${SECRET}`])).toContain(message);
  });

  it('knows where a value comes from that turns out to be unusable', () => {
    const config = load(['port: 1', 'storage_path: /x'], { AUTH_TOKEN: SECRET, PORT: '2' });

    const messages = (['port', 'storage_path', 'host'] as const).map(
      (key) => config.problem(key, 'is odd').message,
    );

    expect(messages.map((message) => message.replaceAll(path, 'FILE'))).toEqual([
      'environment variable PORT: port: is odd',
      'FILE:2: storage_path: is odd',
      'default value: host: is odd',
    ]);
  });

  describe('sizes', () => {
    it.each<[string, number]>([
      ['1', 1],
      ['1048576', MiB],
      ['512B', 512],
      ['10kB', 10_000],
      ['10KiB', 10_240],
      ['10 MB', 10_000_000],
      ['1.5MiB', 1.5 * MiB],
      ['2GiB', 2048 * MiB],
      ['1TiB', 1024 ** 4],
      ['3TB', 3e12],
      ['1Gi', 1024 * MiB],
      ['64Mi', 64 * MiB],
      ['1G', 1e9],
      ['500M', 500e6],
      ['10k', 10_000],
      ['10mb', 10_000_000],
      ['256mib', 256 * MiB],
    ])('may be written as %s', (text, bytes) => {
      expect(load([`max_upload_size: ${text}`, `auth_token: ${SECRET}`]).max_upload_size).toBe(bytes);
      expect(load('', { MAX_UPLOAD_SIZE: text, AUTH_TOKEN: SECRET }).max_upload_size).toBe(bytes);
    });

    it.each([
      '1XB',
      '10m',
      '1g',
      '-1',
      '1BB',
      '1iB',
      'MiB',
      '1,5MiB',
      '1e400',
      '9999999TiB',
      'true',
      '[1]',
      '""',
      'null',
    ])('may not be written as %s', (text) => {
      expect(refusal([`min_free_space: ${text}`, `auth_token: ${SECRET}`])).toBe(
        'FILE:1: min_free_space: expected a size such as 256MiB, 1GB or a number of bytes',
      );
    });

    it('of an upload are at least one byte', () => {
      expect(refusal(['max_upload_size: 0', `auth_token: ${SECRET}`])).toBe(
        'FILE:1: max_upload_size: expected at least 1 byte',
      );
    });
  });

  describe('time spans', () => {
    it.each<[string, number]>([
      ['500ms', 500],
      ['90s', 90_000],
      ['1.5 m', 90_000],
      ['2h', 7_200_000],
      ['0s', 0],
      ['2d', 172_800_000],
    ])('may be written as %s', (text, milliseconds) => {
      expect(load([`shutdown_timeout: ${text}`, `auth_token: ${SECRET}`]).shutdown_timeout).toBe(
        milliseconds,
      );
    });

    // A number alone does not say whether it means seconds or milliseconds.
    it.each(['60', '60sec', '-1s', 's', 'true'])('may not be written as %s', (text) => {
      expect(refusal([`shutdown_timeout: ${text}`, `auth_token: ${SECRET}`])).toBe(
        'FILE:1: shutdown_timeout: expected a time span such as 500ms, 60s or 5m',
      );
    });
  });

  describe('allowed_hosts', () => {
    const NAMES = ['releases.example.org', '*.example.com', 'xn--bcher-kva.example', '::1', '10.0.0.1'];
    const TOKEN = `auth_token: ${SECRET}`;
    const EXPECTED = /expected a host name such as .* \(leave allowed_hosts out to allow any\)$/;

    it('is any where it is not given', () => {
      expect(load([TOKEN]).allowed_hosts).toBeUndefined();
      expect(load([TOKEN], { ALLOWED_HOSTS: '' }).allowed_hosts).toBeUndefined();
    });

    it('is a list of names, in lower case and ASCII, without a final dot', () => {
      const lines = [
        '  - Releases.example.org.',
        "  - '*.example.com'",
        '  - bücher.example',
        "  - '[::1]'",
        '  - 10.0.0.1',
      ];
      expect(load(['allowed_hosts:', ...lines, TOKEN]).allowed_hosts).toEqual(NAMES);
      expect(load(["allowed_hosts: [a.example, '*.b.example']", TOKEN]).allowed_hosts).toEqual([
        'a.example',
        '*.b.example',
      ]);
      expect(Object.isFrozen(load(['allowed_hosts: [a]', TOKEN]).allowed_hosts)).toBe(true);
    });

    it.each([
      'releases.example.org,*.example.com, bücher.example ,::1,10.0.0.1',
      "[releases.example.org, '*.example.com', bücher.example, '::1', 10.0.0.1]",
      '["releases.example.org","*.example.com","xn--bcher-kva.example","::1","10.0.0.1"]',
    ])('comes from the environment as %s', (text) => {
      expect(load(['allowed_hosts: [other]', TOKEN], { ALLOWED_HOSTS: text }).allowed_hosts).toEqual(NAMES);
    });

    it('is a text in the file as well', () => {
      expect(load(["allowed_hosts: 'a.example, *.b.example'", TOKEN]).allowed_hosts).toEqual([
        'a.example',
        '*.b.example',
      ]);
    });

    it.each(['*.example.com', 'localhost', '123'])('comes from the environment as one name: %s', (text) => {
      expect(load([TOKEN], { ALLOWED_HOSTS: text }).allowed_hosts).toEqual([text]);
    });

    it.each([
      'https://a.example',
      'a.example:8000',
      'a.example/x',
      '*',
      'a.*.example',
      'a b',
      '-a',
      'a..b',
      '.a',
    ])('has no item %s, and says which it is', (text) => {
      const inList = refusal(['allowed_hosts:', '  # names', '  - a.example', '', `  - '${text}'`, TOKEN]);
      expect(inList).toMatch(/^FILE:5: allowed_hosts\[1\]: /);
      expect(inList).toMatch(EXPECTED);
      expect(refusal([TOKEN, `allowed_hosts: [a.example, '${text}']`])).toMatch(
        /^FILE:2: allowed_hosts\[1\]: /,
      );
      expect(refusal([TOKEN], { ALLOWED_HOSTS: `a.example,${text}` })).toMatch(
        /^environment variable ALLOWED_HOSTS: allowed_hosts\[1\]: /,
      );
    });

    it.each(['[1]', '[null]', '[[a]]', '[{a: b}]'])('has nothing but texts: %s', (text) => {
      expect(refusal([`allowed_hosts: ${text}`, TOKEN])).toMatch(
        /^FILE:1: allowed_hosts\[0\]: expected a host name/,
      );
    });

    it('is a list of at least one', () => {
      expect(refusal(['allowed_hosts: []', TOKEN])).toMatch(/^FILE:1: allowed_hosts: expected at least one/);
      expect(refusal(['allowed_hosts: { a: b }', TOKEN])).toMatch(/^FILE:1: allowed_hosts: expected a list/);
      expect(refusal([TOKEN], { ALLOWED_HOSTS: ' , ' })).toMatch(
        /^environment variable ALLOWED_HOSTS: allowed_hosts: expected at least one/,
      );
    });

    it('says that a wildcard has to stand in quotes, which YAML takes for an alias', () => {
      expect(refusal(['allowed_hosts: [*.example.com]', TOKEN])).toMatch(
        /^FILE:1: allowed_hosts: unidentified alias … \(a value that begins with \* or & has to stand in quotes\)$/,
      );
    });
  });

  describe('trust_proxy', () => {
    it.each<[string, boolean | number | string]>([
      ['true', true],
      ['false', false],
      ['0', 0],
      ['2', 2],
      ['loopback', 'loopback'],
      ['10.0.0.0/8, ::1', '10.0.0.0/8, ::1'],
      ['loopback,linklocal,uniquelocal', 'loopback,linklocal,uniquelocal'],
    ])('may be %s', (text, value) => {
      expect(load('', { TRUST_PROXY: text, AUTH_TOKEN: SECRET }).trust_proxy).toBe(value);
      expect(load([`trust_proxy: ${text}`, `auth_token: ${SECRET}`]).trust_proxy).toBe(value);
    });

    it.each(['-1', '1.5', 'nonsense', '10.0.0.0/99', 'loopback;::1', '[loopback]', '{}'])(
      'may not be %s',
      (text) => {
        expect(refusal([`trust_proxy: ${text}`, `auth_token: ${SECRET}`])).toMatch(
          /^FILE:1: trust_proxy: \S/,
        );
        expect(refusal('', { TRUST_PROXY: text, AUTH_TOKEN: SECRET })).toMatch(
          /^environment variable TRUST_PROXY: trust_proxy: \S/,
        );
      },
    );
  });

  describe('public_url', () => {
    it.each([
      ['https://x.example', 'https://x.example'],
      ['https://x.example/', 'https://x.example'],
      ['https://x.example/releases/', 'https://x.example/releases'],
      ['HTTPS://X.Example:443/releases//', 'https://x.example/releases'],
      ['http://[::1]:8000/a/../b', 'http://[::1]:8000/b'],
      ['https://bücher.example/ä', 'https://xn--bcher-kva.example/%C3%A4'],
    ])('is taken as %s and kept as %s', (text, url) => {
      expect(load('', { PUBLIC_URL: text, AUTH_TOKEN: SECRET }).public_url).toBe(url);
    });

    it.each([
      'x.example',
      '/releases',
      'ftp://x.example',
      'https://',
      'https://x.example/?a=b',
      'https://x.example/#a',
      'https://user@x.example',
      'https://user:pw@x.example',
      '8000',
    ])('may not be %s', (url) => {
      expect(refusal([`public_url: "${url}"`, `auth_token: ${SECRET}`])).toBe(
        'FILE:1: public_url: expected an absolute http or https URL without user, query or fragment',
      );
    });
  });

  describe('the section tls', () => {
    it('has two files, which may come from variables', () => {
      const tls = { cert_file: '/tls/crt', key_file: '/tls/key' };
      expect(
        load(['tls: { cert_file: /tls/crt }', `auth_token: ${SECRET}`], { TLS_KEY_FILE: '/tls/key' }).tls,
      ).toEqual(tls);
      expect(
        load(`auth_token: ${SECRET}`, { TLS_CERT_FILE: '/tls/crt', TLS_KEY_FILE: '/tls/key' }).tls,
      ).toEqual(tls);
      expect(load(`auth_token: ${SECRET}`).tls).toBeUndefined();
    });

    it.each([
      ['no key', 'tls: { cert_file: /tls/crt }', 'FILE:1: tls.key_file: expected a file'],
      ['no certificate', 'tls: { key_file: /tls/key }', 'FILE:1: tls.cert_file: expected a file'],
      ['a truth value', 'tls: true', 'FILE:1: tls: expected the keys of the section tls'],
      [
        'another name',
        'tls: { cert_file: /tls/crt, key_file: /tls/key, keyfile: x }',
        'FILE:1: tls.keyfile: unknown key, did you mean tls.key_file?',
      ],
    ])('is refused with %s', (_, line, message) => {
      expect(refusal([line, `auth_token: ${SECRET}`])).toBe(message);
    });
  });

  describe('the section s3', () => {
    const driver = 'storage_driver: s3';
    const token = `auth_token: ${SECRET}`;

    it('has the documented defaults', () => {
      expect(load([token, driver, 's3:', '  bucket: releases']).s3).toEqual({
        bucket: 'releases',
        prefix: '',
        force_path_style: false,
        redirect_downloads: false,
        presign_expires: 600_000,
        grace: 3_600_000,
        spool_path: '/tmp/release-server',
      });
    });

    it('is outranked key by key by variables, whose texts stay as they are', () => {
      const { s3 } = load([token, driver, 's3: { bucket: a, prefix: team/, grace: 2h }'], {
        S3_BUCKET: '0123',
        S3_REDIRECT_DOWNLOADS: 'true',
        S3_ENDPOINT: 'http://127.0.0.1:9000',
      });
      expect(s3).toMatchObject({
        bucket: '0123',
        prefix: 'team/',
        grace: 7_200_000,
        redirect_downloads: true,
        endpoint: 'http://127.0.0.1:9000',
      });
    });

    it('can come from variables alone, and from none where the driver is another one', () => {
      expect(load(token, { STORAGE_DRIVER: 's3', S3_BUCKET: 'a' }).s3?.bucket).toBe('a');
      expect(load(token, { S3_BUCKET: 'a', S3_ENDPOINT: 'for another program' }).s3).toBeUndefined();
    });

    it.each([
      ['releases', 'releases/'],
      ['releases/', 'releases/'],
      ['a/b', 'a/b/'],
    ])('has the prefix %s end with a slash', (given, prefix) => {
      expect(load([token, driver, `s3: { bucket: a, prefix: ${given} }`]).s3?.prefix).toBe(prefix);
    });

    it.each([
      ['no section', [], 'FILE: s3: missing: storage_driver is s3, which needs at least s3.bucket'],
      ['no bucket', ['s3:', '  region: x'], 'FILE:3: s3.bucket: expected the name of a bucket'],
      ['a list', ['s3: []'], 'FILE:3: s3: expected the keys of the section s3'],
      [
        'a key of no meaning',
        ['s3:', '  bucket: a', '  buckets: b'],
        'FILE:5: s3.buckets: unknown key, did you mean s3.bucket?',
      ],
      [
        'a key far from all',
        ['s3:', '  bucket: a', '  something_completely_different: b'],
        'FILE:5: s3.something_completely_different: unknown key, the valid keys are bucket, prefix, region, endpoint, ' +
          'force_path_style, access_key_id, access_key_id_file, secret_access_key, secret_access_key_file, ' +
          'redirect_downloads, presign_expires, grace, spool_path',
      ],
      [
        'half of the credentials',
        ['s3:', '  bucket: a', `  secret_access_key: ${SECRET}`],
        'FILE:3: s3.access_key_id: the access key and the secret key go together: give both, or none',
      ],
      [
        'a key and its file',
        [
          's3:',
          '  bucket: a',
          '  access_key_id: a',
          '  access_key_id_file: b',
          `  secret_access_key: ${SECRET}`,
        ],
        'FILE:6: s3.access_key_id_file: access_key_id is given as well; give one of the two',
      ],
      [
        'an address without a scheme',
        ['s3:', '  bucket: a', '  endpoint: minio:9000'],
        'FILE:5: s3.endpoint: expected an absolute http or https URL',
      ],
      [
        'a prefix from the root',
        ['s3:', '  bucket: a', '  prefix: /a'],
        'FILE:5: s3.prefix: expected letters, digits and . _ - / with no slash in front',
      ],
      [
        'addresses that outlive their bytes',
        ['s3:', '  bucket: a', '  redirect_downloads: true', '  presign_expires: 1h'],
        'FILE:3: s3.grace: expected more than presign_expires, or an address could outlive its bytes',
      ],
      [
        'a package that no store takes',
        ['s3: { bucket: a }', 'max_upload_size: 6GiB'],
        'FILE:4: max_upload_size: expected at most 5GiB, which is what an object store takes at once',
      ],
    ])('is refused with its line, here %s', (_, lines, message) => {
      const told = refusal([token, driver, ...lines]);
      expect(told).toBe(message);
      expect(told).not.toContain(SECRET);
    });
  });

  describe('a mistake in the file', () => {
    const token = `auth_token: ${SECRET}`;

    it.each<[string, readonly string[], string]>([
      ['a duplicate key', [token, 'port: 1', 'port: 2'], 'FILE:3: port: duplicated mapping key'],
      ['a wrong type', [token, 'port: http'], 'FILE:2: port: expected a port from 0 to 65535'],
      ['a fraction', ['port: 80.5', token], 'FILE:1: port: expected a port from 0 to 65535'],
      ['a port out of range', ['port: 65536', token], 'FILE:1: port: expected a port from 0 to 65535'],
      ['a negative port', ['port: -1', token], 'FILE:1: port: expected a port from 0 to 65535'],
      [
        'a limit of nothing',
        ['max_packages: 0', token],
        'FILE:1: max_packages: expected a whole number from 1, or null for no limit',
      ],
      [
        'a limit in words',
        ['max_packages: unlimited', token],
        'FILE:1: max_packages: expected a whole number from 1, or null for no limit',
      ],
      ['perhaps for true', ['read_only: perhaps', token], 'FILE:1: read_only: expected true or false'],
      [
        'an unknown level',
        ['log_level: LOUD', token],
        'FILE:1: log_level: expected one of trace, debug, info, warn, error, fatal, silent',
      ],
      [
        'an unknown driver',
        ['storage_driver: s4', token],
        'FILE:1: storage_driver: expected filesystem or s3',
      ],
      ['a number for a host', ['host: 5', token], 'FILE:1: host: expected a host name or address'],
      ['no directory', ['storage_path: ""', token], 'FILE:1: storage_path: expected a directory'],
      ['a list', ['- port: 1'], 'FILE: expected a mapping of keys to values'],
      ['a text', ['port = 1'], 'FILE: expected a mapping of keys to values'],
      ['two documents', [token, '---', token], 'FILE: expected one YAML document, found 2'],
    ])('is named with its line, here %s', (_, lines, message) => {
      expect(refusal(lines)).toBe(message);
    });

    it('is told together with all others, in one line', () => {
      expect(refusal(['port: x', 'max_packages: 0', 'prot: 1', token])).toBe(
        [
          'FILE:1: port: expected a port from 0 to 65535',
          'FILE:2: max_packages: expected a whole number from 1, or null for no limit',
          'FILE:3: prot: unknown key, did you mean port?',
        ].join('; '),
      );
    });

    it.each([
      ['prot', 'port'],
      ['Port', 'port'],
      ['max_package', 'max_packages'],
      ['maxUploadSize', 'max_upload_size'],
      ['auth_tokens', 'auth_token'],
      ['storage-path', 'storage_path'],
    ])('gets a hint, as for the unknown key %s', (key, nearest) => {
      expect(refusal([token, `${key}: 1`])).toBe(`FILE:2: ${key}: unknown key, did you mean ${nearest}?`);
    });

    it('gets the list of keys where none is near', () => {
      expect(refusal([token, 'completely_different_thing: 1'])).toMatch(
        /^FILE:2: completely_different_thing: unknown key, the valid keys are host, port, .*, shutdown_timeout, s3$/,
      );
    });

    it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
      'is found in the file, and changes no object, when the key is %s',
      (key) => {
        expect(refusal([token, `${key}: {polluted: 1}`])).toMatch(
          new RegExp(`^FILE:2: ${key}: unknown key, the valid keys are `),
        );
        expect('polluted' in {}).toBe(false);
      },
    );

    it('cannot split the line with the key itself', () => {
      expect(refusal([token, '"a\\nb\\u001b[31m": 1'])).toContain('"a\\nb\\u001b[31m": unknown key');
    });

    it('cannot exhaust the memory with aliases of aliases', () => {
      const bomb = ['&a [x, x, x, x, x, x, x, x, x]'];
      for (const [lower, own] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi', 'ij']) {
        bomb.push(`&${own} [${Array<string>(9).fill(`*${lower}`).join(', ')}]`);
      }

      expect(refusal([`port: [${bomb.join(', ')}]`, token])).toMatch(/^FILE:1: port: aliases exceeded/);
    });

    it('cannot exhaust the stack with lists of lists', () => {
      const deep = refusal([`port: ${'['.repeat(100_000)}`, token]);

      expect(deep).toMatch(/^FILE:1: port: \S/);
      expect(deep.length).toBeLessThan(500);
    });
  });

  describe('a mistake in the environment', () => {
    it.each([
      ['PORT', 'http', 'environment variable PORT: port: expected a port from 0 to 65535'],
      ['PORT', '!x y', 'environment variable PORT: port: expected a port from 0 to 65535'],
      ['PORT', '[', 'environment variable PORT: port: expected a port from 0 to 65535'],
      ['READ_ONLY', '2', 'environment variable READ_ONLY: read_only: expected true or false'],
      ['READ_ONLY', 'maybe', 'environment variable READ_ONLY: read_only: expected true or false'],
      [
        'MAX_PACKAGES',
        '0',
        'environment variable MAX_PACKAGES: max_packages: expected a whole number from 1, or null for no limit',
      ],
      [
        'LOG_LEVEL',
        'null',
        'environment variable LOG_LEVEL: log_level: expected one of trace, debug, info, warn, error, fatal, silent',
      ],
    ])('is named by its variable, here %s=%s', (variable, value, message) => {
      expect(refusal(['port: 1', `auth_token: ${SECRET}`], { [variable]: value })).toBe(message);
    });
  });

  describe('the secret', () => {
    it('must be there, in one form or the other', () => {
      const message =
        'FILE: auth_token: missing: give auth_token, auth_token_file, tokens, tokens_file or identities, or set read_only: true to serve without writes';

      expect(refusal('')).toBe(message);
      expect(refusal(['read_only: false'], { AUTH_TOKEN: '', AUTH_TOKEN_FILE: '' })).toBe(message);
    });

    it('may be absent where nobody may write', () => {
      expect(load(['read_only: true']).auth_token).toBeUndefined();
      expect(load('', { READ_ONLY: 'true' }).read_only).toBe(true);
      expect(() => load(['read_only: true', 'read_access: token'])).toThrow('auth_token: missing');
    });

    it.each<[readonly string[], Readonly<Record<string, string>>, string]>([
      [[`auth_token: ${SECRET}`, 'auth_token_file: /f'], {}, 'FILE:2: '],
      [['auth_token_file: /f'], { AUTH_TOKEN: SECRET }, 'FILE:1: '],
      [[`auth_token: ${SECRET}`], { AUTH_TOKEN_FILE: '/f' }, 'environment variable AUTH_TOKEN_FILE: '],
    ])('must not be there in both forms, as in %j with %j', (lines, environment, where) => {
      expect(refusal(lines, environment)).toBe(
        `${where}auth_token_file: auth_token is given as well; give one of the two`,
      );
    });

    it.each<[string, readonly string[]]>([
      ['an alias', [`auth_token: *${SECRET}`]],
      ['an anchor', [`auth_token: &${SECRET}`]],
      ['an anchor on an alias', [`auth_token: &${SECRET} *${SECRET}`]],
      ['a tag', [`auth_token: !${SECRET} x`]],
      ['a tag in full', [`auth_token: !<${SECRET}> x`]],
      ['a tag of YAML', [`auth_token: !!${SECRET} x`]],
      ['the text of a wrong tag', [`auth_token: !!int ${SECRET}`]],
      ['a directive of tags', [`%TAG ! ${SECRET}`, '---', 'auth_token: !x y']],
      ['a list', [`auth_token: [${SECRET}]`]],
      ['a list that is not closed', [`auth_token: [${SECRET}`]],
      ['a mapping', [`auth_token: {${SECRET}: x}`]],
      ['a mapping that is not closed', [`auth_token: {${SECRET}`]],
      ['a mapping on its own line', ['auth_token:', `  ${SECRET}: x`]],
      ['a list on its own line', ['auth_token:', `  - ${SECRET}`]],
      ['a string that is not closed', [`auth_token: "${SECRET}`]],
      ['a string that is not closed, before other keys', [`auth_token: '${SECRET}`, 'port: 1']],
      ['an unknown escape', [`auth_token: "\\q${SECRET}"`]],
      ['a reserved character', [`auth_token: @${SECRET}`]],
      ['a grave accent', [`auth_token: \`${SECRET}\``]],
      ['a percent sign', [`auth_token: %${SECRET}`]],
      ['a colon', [`auth_token: ${SECRET}: x`]],
      ['a block that begins in its first line', [`auth_token: |${SECRET}`, '  x']],
      ['a space', [`auth_token: ${SECRET} ${SECRET}`]],
      ['a letter beyond ASCII', [`auth_token: ${SECRET}é`]],
      ['a control character', [`auth_token: ${SECRET}\u001b`]],
      ['a line break', ['auth_token: |', `  ${SECRET}`, `  ${SECRET}`]],
      ['a key twice', [`auth_token: ${SECRET}`, `auth_token: ${SECRET}`]],
      ['a tab for indentation', ['auth_token:', `\t${SECRET}: x`]],
      ['a string over two lines of which the second looks like a key', ['auth_token: "x', `${SECRET}: y"`]],
    ])('is not repeated in the message when the mistake is %s', (_, lines) => {
      const message = refusal(lines);

      expect(message).not.toContain(SECRET);
      expect(message).toMatch(/^FILE:\d+: \S/);
    });

    it.each([
      ['a number', '987654321'],
      ['a large number', '98765432109876543210'],
      ['a number in hexadecimal', '0xdeadbeef'],
      ['a fraction', '98765.4321'],
      ['a truth value', 'true'],
      ['nothing', 'null'],
      ['an empty string', '""'],
    ])('must be quoted where it looks like %s, and is not repeated', (_, value) => {
      const message = refusal([`auth_token: ${value}`]);

      expect(message).toMatch(/^FILE:1: auth_token: expected /);
      expect(message).not.toMatch(/98765|dead|3735928559|e\+/);
    });

    it('is not repeated when it comes from the environment', () => {
      const message = refusal('', { AUTH_TOKEN: `${SECRET} ${SECRET}` });

      expect(message).toBe(
        'environment variable AUTH_TOKEN: auth_token: expected printable ASCII characters without spaces',
      );
    });

    it('is not repeated when something else is wrong', () => {
      expect(refusal([`auth_token: ${SECRET}`, 'port: x', 'b: [1'])).not.toContain(SECRET);
      expect(refusal(['port: x'], { AUTH_TOKEN: SECRET })).not.toContain(SECRET);
    });
  });

  describe('a file that CONFIG_PATH names', () => {
    it('must be there', () => {
      const missing = join(directory, 'missing.yaml');

      expect(() => loadConfig(serverConfigSchema, { CONFIG_PATH: missing, AUTH_TOKEN: SECRET })).toThrow(
        expect.objectContaining({
          name: 'ConfigError',
          message: expect.stringContaining(
            `${missing}: the configuration file cannot be read: ENOENT`,
          ) as string,
        }),
      );
    });

    it('must be a file', () => {
      expect(() => loadConfig(serverConfigSchema, { CONFIG_PATH: directory, AUTH_TOKEN: SECRET })).toThrow(
        ConfigError,
      );
    });
  });
});
