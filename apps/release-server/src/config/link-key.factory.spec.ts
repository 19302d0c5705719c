import { Config } from './config.js';
import { configSchema } from './config.schema.js';
import { linkKey } from './link-key.factory.js';

const keyOf = (values: Record<string, unknown>): string =>
  linkKey(new Config(configSchema.parse(values))).toString('hex');

describe('the key of signed links', () => {
  it('is the same for the same secret, and another for another', () => {
    const key = keyOf({ link_key: 'a-key-of-some-characters' });
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(keyOf({ link_key: 'a-key-of-some-characters', auth_token: 'x' })).toBe(key);
    expect(keyOf({ auth_token: 'a-key-of-some-characters' })).toBe(key);
    expect(keyOf({ auth_token: 'another-key-of-characters' })).not.toBe(key);
  });

  it('is not made of the hashes of tokens, which are no secret', () => {
    const tokens = [{ name: 'ci', hash: `sha256:${'0'.repeat(64)}`, scopes: ['read'] }];
    expect(keyOf({ tokens })).not.toBe(keyOf({ tokens }));
  });
});
