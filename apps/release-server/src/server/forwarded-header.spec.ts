import { parseForwarded, withoutPort } from './forwarded-header.js';

describe('parseForwarded', () => {
  it.each([
    ['', []],
    ['for="_gazonk"', [{ for: '_gazonk' }]],
    ['For="[2001:db8:cafe::17]:4711"', [{ for: '2001:db8:cafe::17' }]],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', [{ for: '192.0.2.60', proto: 'http' }]],
    ['for=192.0.2.43, for=198.51.100.17', [{ for: '192.0.2.43' }, { for: '198.51.100.17' }]],
    ['for=unknown ;\thost=a.example', [{ for: 'unknown', host: 'a.example' }]],
    ['host="a\\.example"', [{ host: 'a.example' }]],
    ['host="a,b;c=d"', [{ host: 'a,b;c=d' }]],
    [', ,for=a,, ;for=b;,', [{ for: 'a' }, { for: 'b' }]],
    ['for=[::1]:80', [{ for: '::1' }]],
    ['secret=x;host=a', [{ host: 'a' }]],
  ])('reads %j', (text, elements) => {
    expect(parseForwarded(text)).toEqual(elements);
  });

  it.each(['for', 'for=', 'for="a', 'for=a;for=b', 'for = a', '=a', 'for=a b', 'for="a"b', 'for=a;=b', '"'])(
    'takes %j for malformed',
    (text) => {
      expect(parseForwarded(text)).toBeUndefined();
    },
  );

  // Were it quadratic, a megabyte would take hours.
  it.each(['for="', 'for="\\', ';', ',', 'for=a,', 'a', ' ', '\t;', 'for="a\\"'])(
    'takes time linear in a header of %j',
    (part) => {
      parseForwarded(part.repeat(1_000_000 / part.length));
      parseForwarded(`for=${part.repeat(1_000_000 / part.length)}`);
      parseForwarded(`for="${part.repeat(1_000_000 / part.length)}`);
    },
  );
});

it.each([
  ['192.0.2.1:80', '192.0.2.1'],
  ['192.0.2.1', '192.0.2.1'],
  ['[2001:db8::1]:80', '2001:db8::1'],
  ['2001:db8::1', '2001:db8::1'],
  ['unknown', 'unknown'],
  ['[', ''],
])('takes port and brackets from %j', (node, address) => {
  expect(withoutPort(node)).toBe(address);
});
