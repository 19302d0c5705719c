import { counted, exactSize, exactTime, relativeTime, shortSize } from './words.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

describe('words of the page', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1023, '1,023 bytes'],
    [1024, '1 KiB'],
    [48_211, '47.1 KiB'],
    [1024 ** 2 - 1, '1,020 KiB'],
    [5 * 1024 ** 3, '5 GiB'],
    [3 * 1024 ** 6, '3,070 PiB'],
  ])('tell %d bytes as %s', (bytes, words) => {
    expect(shortSize(bytes)).toBe(words);
  });

  it('tell exact sizes, counts and times', () => {
    expect(exactSize(48_211)).toBe('48,211 bytes');
    expect(counted(1, 'package')).toBe('1 package');
    expect(counted(1234, 'package')).toBe('1,234 packages');
    expect(exactTime(Date.UTC(2026, 2, 2, 9, 30, 1, 999))).toBe('2026-03-02 09:30:01 UTC');
  });

  it.each([
    [0, 'just now'],
    [59 * SECOND, 'just now'],
    [-30 * SECOND, 'just now'],
    [60 * SECOND, '1 minute ago'],
    [HOUR, '1 hour ago'],
    [23 * HOUR, '23 hours ago'],
    [DAY, 'yesterday'],
    [6 * DAY, '6 days ago'],
    [21 * DAY, '3 weeks ago'],
    [60 * DAY, '2 months ago'],
    [800 * DAY, '2 years ago'],
    [-3 * DAY, 'in 3 days'],
  ])('tell an age of %d ms as %s', (age, words) => {
    expect(relativeTime(1e12 - age, 1e12)).toBe(words);
  });
});
