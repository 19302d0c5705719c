import { describe, expect, it } from '@jest/globals';

import { kindOf, mayDelete, mayPublish, rightsOf, type Owner } from './owner.js';

const owner = (more: Partial<Owner> = {}): Owner => ({ name: 'ci', scopes: ['delete'], ...more });

describe('the owner of a token', () => {
  it.each([
    [owner({ scopes: ['publish', 'overwrite'] }), 'may publish, overwrite'],
    [owner({ scopes: ['read', 'publish', 'overwrite', 'delete', 'admin'] }), 'may do everything'],
    [
      owner({ packages: ['x-*'], releases: ['v1.*', 'v2.*'] }),
      'may delete; packages x-*; releases v1.*, v2.*',
    ],
    [owner({ packages: ['a', 'b', 'c', 'd', 'e'] }), 'may delete; packages a, b, c and 2 more'],
    [owner({ packages: [] }), 'may delete; packages none'],
  ])('is told by what it may: %j', (one, words) => expect(rightsOf(one)).toBe(words));

  it('is told by its kind, where that is known', () => {
    expect(kindOf(owner({ kind: 'shared_secret' }))).toBe('shared secret');
    expect(kindOf(owner())).toBeUndefined();
  });

  it.each([
    [['publish'], true],
    [['overwrite'], true],
    [['read', 'delete', 'admin'], false],
  ] as const)('with %j may publish: %j', (scopes, may) => expect(mayPublish(owner({ scopes }))).toBe(may));

  it.each([
    [owner(), true],
    [owner({ scopes: ['publish', 'overwrite'] }), false],
    [owner({ packages: ['a-*'] }), true],
    [owner({ packages: ['b-*'] }), false],
    [owner({ releases: ['v1.*'] }), true],
    [owner({ releases: ['v2.*'] }), false],
  ])('may delete as the server decides it: %j: %j', (one, may) => {
    expect(mayDelete(one, { file: 'a-v1.0.zip', release: 'v1.0' })).toBe(may);
  });
});
