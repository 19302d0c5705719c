import { load } from 'js-yaml';

import { hashOfToken } from '#auth';

import { tokenEntry } from './token-entry.js';

const NOW = Date.UTC(2026, 0, 1);

describe('the entry of a token', () => {
  it('has what the options say, and no token', () => {
    const options = {
      name: 'ci',
      scope: ['publish,overwrite', 'delete'],
      packages: ['x-*'],
      releases: ['v2.*', 'v3.*'],
      expires: '90d',
    };
    const text = tokenEntry('rs_secret', options, NOW);
    expect(load(text)).toEqual([
      {
        name: 'ci',
        hash: hashOfToken('rs_secret'),
        scopes: ['publish', 'overwrite', 'delete'],
        packages: ['x-*'],
        releases: ['v2.*', 'v3.*'],
        expires_at: '2026-04-01T00:00:00Z',
      },
    ]);
    expect(text).toMatch(/^ {2}- name: ci\n {4}hash: /);
    expect(text).toContain('scopes: [publish, overwrite, delete]');
    expect(text).not.toContain('rs_secret');
  });

  it('has nothing that is not said, and a date as it is', () => {
    const text = tokenEntry('x', { name: 'ci', scope: ['read'], expires: '2027-06-30' }, NOW);
    expect(load(text)).toEqual([
      { name: 'ci', hash: hashOfToken('x'), scopes: ['read'], expires_at: '2027-06-30' },
    ]);
  });

  it.each([
    [{ scope: ['read'] }, '--name: expected a name'],
    [{ name: 'ci' }, '--scope: expected a list of'],
    [{ name: 'ci', scope: ['write'] }, '--scope: expected a list of'],
    [{ name: 'ci', scope: ['read'], packages: [''] }, '--packages: expected a pattern'],
    [{ name: 'ci', scope: ['read'], expires: 'soon' }, '--expires: expected a date'],
    [
      { name: 'ci', scope: ['read'], expires: '2026-01-01' },
      '--expires: 2026-01-01T00:00:00.000Z has passed',
    ],
  ])('of %j is refused', (options, message) => {
    expect(() => tokenEntry('x', options, NOW)).toThrow(message);
  });
});
