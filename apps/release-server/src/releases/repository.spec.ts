import { serverConfigSchema } from '../config/config.schema.js';
import { Config } from '../config/config.js';
import { Repository } from './repository.js';

function repository(options: Record<string, unknown>): Repository {
  return new Repository(new Config(serverConfigSchema.parse({ auth_token: 'x', ...options })));
}

describe('Repository', () => {
  it('has the name of the configuration', () => {
    expect(repository({ repository: 'Acme/tool.js' })).toMatchObject({
      owner: 'Acme',
      name: 'tool.js',
      fullName: 'Acme/tool.js',
    });
    expect(repository({}).fullName).toBe('release-server/releases');
  });

  it.each([
    [false, 'Acme', 'Tool', true],
    [false, 'other', 'one', true],
    [true, 'Acme', 'Tool', true],
    [true, 'aCME', 'tOOL', true],
    [true, 'Acme', 'Tool2', false],
    [true, 'other', 'Tool', false],
    [true, 'Acme/Tool', '', false],
  ])('where strict is %s, %s/%s is answered: %s', (isStrict, owner, name, expected) => {
    const own = repository({ repository: 'Acme/Tool', strict_repository: isStrict });
    expect(own.answers(owner, name)).toBe(expected);
  });

  it.each([
    'acme',
    '/',
    'acme/',
    '/tool',
    'acme/tool/x',
    'acme/.',
    'acme/..',
    '-a/tool',
    'a b/tool',
    'a/\u00e9',
    `${'a'.repeat(101)}/tool`,
    `acme/${'t'.repeat(101)}`,
    'acme/tool\n',
    '',
  ])('is not %j', (name) => {
    expect(() => repository({ repository: name })).toThrow('expected owner/name');
  });

  it.each(['releases/releases', 'API/v3', 'assets/a', 'docs/x', 'repos/a', 'static/b'])(
    'is not %s, which is an address of the server',
    (name) => {
      expect(() => repository({ repository: name })).toThrow("this server's own addresses");
    },
  );

  it.each([
    'a/b',
    'release/releases',
    'acme-inc/..tool',
    `${'a'.repeat(100)}/${'t'.repeat(100)}`,
    '0_a/-',
    'a.b/.github',
  ])('may be %s', (name) => {
    expect(repository({ repository: name }).fullName).toBe(name);
  });
});
