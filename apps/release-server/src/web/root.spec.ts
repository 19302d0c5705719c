import { rootOf } from './root.js';

describe('the way to the root of the server', () => {
  it.each(['/', '/packages', '/packages/', '/a/b/c', '/a//b'])(
    'leads from %s to the root, below a prefix too',
    (path) => {
      for (const prefix of ['', '/releases', '/a/b']) {
        const page = `https://x.example${prefix}${path}`;
        expect(new URL(`${rootOf(path)}packages`, page).pathname).toBe(`${prefix}/packages`);
      }
    },
  );

  it('is there for a request without a path', () => {
    expect(rootOf('*')).toBe('./');
  });
});
