import { fileIn, isKeyOf, isKeyOfRecord, ObjectKeys } from './object-keys.js';

describe('ObjectKeys', () => {
  const keys = new ObjectKeys('team/');

  it('gives each blob a key of its own that tells its name', () => {
    const [key, other] = [keys.newBlob('a-1.0.zip'), keys.newBlob('a-1.0.zip')];
    expect(key).not.toBe(other);
    expect(key.startsWith(keys.blobs)).toBe(true);
    expect([isKeyOf(key, 'a-1.0.zip'), isKeyOf(key, '1.0.zip')]).toEqual([true, false]);
    expect(fileIn(key)).toBe('a-1.0.zip');
  });

  // Mutant: below packages/, where a version that knows of no releases takes it for nobody's.
  it('has blobs of releases apart, by the names of their files', () => {
    const key = keys.newBlob('cli%2Fv1/a.zip');
    expect(key).toMatch(/^team\/releases\/[0-9a-f-]{36}\/a\.zip$/);
    expect([isKeyOf(key, 'v2/a.zip'), isKeyOf(key, 'v1/b.zip'), isKeyOfRecord(key)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(keys.newRecord()).toMatch(/^team\/releases\/[0-9a-f-]{36}\/\.release\.json$/);
    expect(isKeyOfRecord(keys.newRecord())).toBe(true);
  });

  it.each([
    ['team/packages/1/a.zip', 'a.zip'],
    ['team/packages/odd', 'odd'],
  ])('reads the name in %s', (key, name) => expect(fileIn(key)).toBe(name));
});
