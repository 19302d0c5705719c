import { isKeyOf, ObjectKeys } from './object-keys.js';

describe('ObjectKeys', () => {
  const keys = new ObjectKeys('team/');

  it('gives each blob a key of its own that tells its name', () => {
    const [key, other] = [keys.newBlob('a-1.0.zip'), keys.newBlob('a-1.0.zip')];
    expect(key).not.toBe(other);
    expect(key.startsWith(keys.blobs)).toBe(true);
    expect([isKeyOf(key, 'a-1.0.zip'), isKeyOf(key, '1.0.zip')]).toEqual([true, false]);
    expect(keys.nameIn(key)).toBe('a-1.0.zip');
  });

  it.each([
    ['team/packages/1/a.zip', 'a.zip'],
    ['team/packages/odd', 'odd'],
  ])('reads the name in %s', (key, name) => expect(keys.nameIn(key)).toBe(name));
});
