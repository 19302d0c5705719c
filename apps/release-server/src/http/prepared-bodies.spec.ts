import { BusyError } from './busy.error.js';
import { BASE, blockOf, chunksOf, fragmentOf } from './fragment.js';
import { PreparedBodies } from './prepared-bodies.js';
import { prepareBody } from './prepared-body.js';

const MiB = 1024 * 1024;
const page = (size: number) => prepareBody('text/html', 'x'.repeat(size));

describe('fragments', () => {
  it('have the base wherever it goes, whatever writes them', () => {
    const { bytes, places } = fragmentOf(JSON.stringify({ a: BASE, b: `${BASE}/x`, c: 'é' }));
    const whole = (base: string): string =>
      Buffer.concat(
        Array.from(chunksOf([blockOf([{ bytes, places, digest: '' }])], Buffer.from(base), 7), (chunk) =>
          Buffer.from(chunk),
        ),
      ).toString();
    expect(bytes.includes(BASE)).toBe(false);
    expect(whole('http://a')).toBe('{"a":"http://a","b":"http://a/x","c":"é"}');
    expect(whole('https://bb/c')).toBe('{"a":"https://bb/c","b":"https://bb/c/x","c":"é"}');
  });

  it('tell apart what differs in its bytes or in its places only', () => {
    const digests = ['a', 'b', `${BASE}a`, `a${BASE}`, `${BASE}${BASE}a`].map(
      (text) => fragmentOf(text).digest,
    );
    expect(new Set(digests).size).toBe(digests.length);
    expect(fragmentOf(`a${BASE}`)).toEqual(fragmentOf(`a${BASE}`));
  });
});

describe('PreparedBodies', () => {
  it('makes a body once for a state, however many ask at once, and anew for another', async () => {
    const bodies = new PreparedBodies();
    let made = 0;
    const make = () => {
      made += 1;
      return page(10);
    };
    const [first, second] = [{}, {}];
    const same = await Promise.all(Array.from({ length: 100 }, async () => bodies.get(first, 'a', make)));
    expect(new Set(same).size).toBe(1);
    expect(await bodies.get(first, 'a', make)).toBe(same[0]);
    expect(made).toBe(1);
    await bodies.get(first, 'b', make);
    await bodies.get(second, 'a', make);
    expect(made).toBe(3);
  });

  it('tries again after one that could not be made', async () => {
    const bodies = new PreparedBodies();
    const state = {};
    const failing = bodies.get(state, 'a', () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect((await bodies.get(state, 'a', () => page(3))).length).toBe(3);
  });

  it('refuses what would be one too many to wait', async () => {
    const bodies = new PreparedBodies();
    const state = {};
    const asked = Array.from({ length: 40 }, async (_, index) =>
      bodies.get(state, `${index}`, () => page(1)),
    );
    const results = await Promise.allSettled(asked);
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    expect(refused).toHaveLength(8);
    expect(refused[0]).toMatchObject({ name: 'BusyError', retryAfter: 2 });
    await bodies.get(state, 'later', () => page(1));
  });

  it('makes no other while too many bytes are being sent, each body counted once', async () => {
    const bodies = new PreparedBodies();
    const state = {};
    const one = await bodies.get(state, 'one', () => page(20 * MiB));
    const releases = Array.from({ length: 50 }, () => one.hold?.());
    const other = await bodies.get(state, 'other', () => page(20 * MiB));
    const releaseOther = other.hold?.();
    await expect(bodies.get(state, 'third', () => page(1))).rejects.toBeInstanceOf(BusyError);
    // What is made already is sent to whoever asks, and another state does not free what is being sent.
    await expect(bodies.get({}, 'third', () => page(1))).rejects.toBeInstanceOf(BusyError);
    releaseOther?.();
    await bodies.get(state, 'third', () => page(1));
    for (const release of releases) release?.();
  });
});
