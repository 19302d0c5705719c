import { isHost, isHostName } from './host-name.js';

describe('a host', () => {
  it.each(['a', 'localhost', 'my_host.example', '_dmarc.example', '10.0.0.1', 'a-.example', 'x'.repeat(63)])(
    'may have the name %s',
    (name) => {
      expect(isHostName(name)).toBe(true);
      expect([name, name.toUpperCase(), `${name}.`, `${name}:8000`].filter((host) => !isHost(host))).toEqual(
        [],
      );
    },
  );

  it.each(['a.', 'a..b', 'a.-b', 'A', 'x'.repeat(64)])('may be asked for as %s, which is no name', (host) => {
    expect(isHost(host)).toBe(true);
    expect(isHostName(host)).toBe(false);
  });

  it.each(['[::1]', '[::1]:8000', '[2001:DB8::1]', '[::ffff:10.0.0.1]'])('may be the address %s', (host) => {
    expect(isHost(host)).toBe(true);
  });

  it.each([
    '',
    '.',
    '.a',
    '-a',
    'a b',
    'a/b',
    'a@b',
    'ä',
    '*.a',
    'a\n',
    '"><script>',
    'a:',
    'a:123456',
    'a:b',
    'a:1:2',
    '::1',
    '[::1',
    '[]',
    '[::1%eth0]',
    '[::g]',
    '[::1].',
    'x'.repeat(254),
  ])('is not %j', (host) => {
    expect(isHost(host)).toBe(false);
    expect(isHostName(host)).toBe(false);
  });
});
