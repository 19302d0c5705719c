import { hashOfToken, isTokenText, makeToken } from './token-text.js';

describe('the text of a token', () => {
  it('begins with rs_ and has 33 digits, no two alike', () => {
    const made = new Set(Array.from({ length: 1000 }, makeToken));
    expect(made.size).toBe(1000);
    for (const token of made) {
      expect(token).toMatch(/^rs_[0-9A-Za-z]{33}$/);
      expect(isTokenText(token)).toBe(true);
    }
  });

  it('uses every digit at every random place', () => {
    const places = Array.from({ length: 27 }, () => new Set<string>());
    for (let at = 0; at < 3000; at++) {
      for (const [place, digit] of makeToken().slice(3, 30).split('').entries()) places[place]?.add(digit);
    }
    expect(places.map(({ size }) => size)).toEqual(places.map(() => 62));
  });

  it('tells by its checksum what somebody has mistyped or cut', () => {
    const token = makeToken();
    const other = token[10] === 'a' ? 'b' : 'a';
    const wrong = [
      token.slice(0, 10) + other + token.slice(11),
      token.slice(0, -1),
      `${token}0`,
      ` ${token}`,
      token.replace('rs_', 'gh_'),
      '',
    ];
    expect(wrong.map(isTokenText)).toEqual(wrong.map(() => false));
  });

  // Computed by another program: python -c 'import zlib; print(zlib.crc32(b"0"*27))', and in base 62.
  it('has the checksum of GitHub tokens, CRC-32 in base 62', () => {
    expect(isTokenText(`rs_${'0'.repeat(27)}000000`)).toBe(false);
    expect(isTokenText(`rs_${'0'.repeat(27)}2MvMGi`)).toBe(true);
  });

  it('has the hash that sha256sum has', () => {
    expect(hashOfToken('abc')).toBe(
      'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});
