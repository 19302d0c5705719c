import { tagOfDead, tagOfProcess, withLivingNeighbour } from '../testing/owners.js';
import { isAbandoned, Owner } from './owner.js';

const HOUR = 60 * 60 * 1000;

describe('Owner', () => {
  const owner = new Owner();
  const justNow = (): number => Date.now();
  const longAgo = (): number => Date.now() - 2 * HOUR;

  afterAll(() => owner.release());

  it('has a tag of its own that is safe in a file name and ends where a tilde begins', () => {
    expect(owner.tag).toMatch(/^[0-9a-f]{12}\.\d+\.[0-9a-f]{8}$/);
    const other = new Owner();
    expect(other.tag).not.toBe(owner.tag);
    other.release();
  });

  it('is not gone while it is at work, however old its files are', () => {
    expect(isAbandoned(owner.tag, longAgo())).toBe(false);
  });

  it('is gone once it let go, however new its files are', () => {
    const other = new Owner();
    other.release();

    expect(isAbandoned(other.tag, justNow())).toBe(true);
  });

  // In a container every start has the same host and the same pid.
  it('is gone when it was an earlier process of the same host and pid', () => {
    expect(isAbandoned(tagOfProcess(process.pid), justNow())).toBe(true);
  });

  it('is gone when its process is', () => {
    expect(isAbandoned(tagOfDead(), justNow())).toBe(true);
  });

  it('is not gone while its process lives and its files are new', async () => {
    await withLivingNeighbour(async (tag) => {
      expect(isAbandoned(tag, justNow())).toBe(false);
      // Another process may have got the pid of one that is gone.
      expect(isAbandoned(tag, longAgo())).toBe(true);
      return Promise.resolve();
    });
  });

  it('of another host is judged by the age of its files', () => {
    const tag = '0123456789ab.1.0badcafe';

    expect(isAbandoned(tag, justNow())).toBe(false);
    expect(isAbandoned(tag, longAgo())).toBe(true);
  });

  it.each(['', 'garbage', 'a.b.c', tagOfProcess(0), tagOfProcess(-1), '0123456789ab.1e9999.x'])(
    'is nobody who could be gone when its tag %j is none',
    (tag) => {
      expect(isAbandoned(tag, longAgo())).toBe(false);
    },
  );
});
