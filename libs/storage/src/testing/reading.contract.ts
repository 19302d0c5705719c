import type { OpenPackage } from '../package-reader.js';
import type { PackageStoreHarness } from './harness.js';
import {
  bytesIn,
  bytesOf,
  contentOf,
  keepNewest,
  publish,
  publishAll,
  read,
  refusalCodeOf,
} from './packages.js';

/** Sizes on both sides of whatever a driver keeps in memory, and of one buffer. */
const SMALL = 1000;
const LARGE = 3 * 1024 * 1024 + 17;

export function describeReading(harness: PackageStoreHarness): void {
  describe('reading', () => {
    it.each(['a.zip', '', '..', '.hidden', '../../etc/passwd', 'a\0b', 'constructor', '__proto__'])(
      'of %j, which is not stored, is refused',
      async (name) => {
        const store = await harness.open();

        expect(await store.find(name)).toBeUndefined();
        expect(await refusalCodeOf(store.open(name))).toBe('package_not_found');
      },
    );

    it.each([1, SMALL, LARGE])('yields all %d bytes, time after time', async (size) => {
      const store = await harness.open();
      const content = bytesOf(size);
      const { package: published } = await publish(store, 'a.zip', content);

      for (let time = 0; time < 3; time++) {
        const opened = await store.open('a.zip');
        expect(opened.package).toEqual(published);
        expect((await contentOf(opened)).equals(content)).toBe(true);
      }
    });

    describe.each([SMALL, LARGE])('a range of %d bytes', (size) => {
      it.each([
        ['the first byte', 0, 0],
        ['the last byte', size - 1, size - 1],
        ['some in the middle', 5, size - 5],
        ['all from an offset', 17, undefined],
        ['all', 0, size - 1],
      ])('yields %s', async (_, start, end) => {
        const store = await harness.open();
        const content = bytesOf(size);
        await publish(store, 'a.zip', content);

        const bytes = await contentOf(await store.open('a.zip'), start, end);

        expect(bytes.equals(content.subarray(start, (end ?? size - 1) + 1))).toBe(true);
      });

      it('fails rather than yield fewer bytes than asked', async () => {
        const store = await harness.open();
        await publish(store, 'a.zip', bytesOf(size));

        const attempt = contentOf(await store.open('a.zip'), 10, size);

        expect(await refusalCodeOf(attempt)).toBe('storage_failed');
      });
    });

    // Mutant: the next chunk is read into the buffer of the one that was just handed out.
    it('leaves a chunk as it is until the next one is asked for', async () => {
      const store = await harness.open();
      const content = bytesOf(LARGE);
      await publish(store, 'a.zip', content);
      const opened = await store.open('a.zip');

      let position = 0;
      let chunks = 0;
      for await (const chunk of opened.read()) {
        // Time for whatever is read ahead to arrive.
        await new Promise(setImmediate);
        await new Promise(setImmediate);
        expect(content.subarray(position, position + chunk.length).equals(chunk)).toBe(true);
        position += chunk.length;
        chunks++;
      }
      await opened.close();

      expect(position).toBe(LARGE);
      expect(chunks).toBeGreaterThan(1);
    });

    // Mutants: the first read to end lets the revision go; reads of one revision share a buffer, or a position.
    it.each([SMALL, LARGE])('of %d bytes can be repeated, in parts and at once', async (size) => {
      const store = await harness.open();
      await publish(store, 'a.zip', bytesOf(size));
      const opened = await store.open('a.zip');

      await expectRepeatable(opened, bytesOf(size));
      const givenUp = opened.read()[Symbol.asyncIterator]();
      await givenUp.next();
      await givenUp.return?.();
      await expectRepeatable(opened, bytesOf(size));
      await opened.close();
    });

    // Mutant: closing waits for reads that nobody goes on with, or ends them as if they were over.
    it.each([SMALL, LARGE])('of %d bytes does not end early when it is closed', async (size) => {
      const store = await harness.open();
      const content = bytesOf(size);
      await publish(store, 'a.zip', content);
      const opened = await store.open('a.zip');
      const other = await store.open('a.zip');
      const left = opened.read()[Symbol.asyncIterator]();
      await left.next();
      const reads = [bytesIn(opened), bytesIn(opened, 7), bytesIn(opened, size - 1)];

      await opened.close();

      for (const [at, outcome] of (await Promise.allSettled([...reads, bytesIn(opened)])).entries()) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'storage_failed' });
        else expect(outcome.value.equals(content.subarray([0, 7, size - 1, 0][at]))).toBe(true);
      }
      await left.return?.();
      expect((await contentOf(other)).equals(content)).toBe(true);
      expect((await read(store, 'a.zip')).equals(content)).toBe(true);
    });

    it.each([SMALL, LARGE])(
      'says at once of %d bytes what it would say after a look, or nothing',
      async (size) => {
        // Caught: a list or bytes of before a change.
        const store = await harness.open();
        for (const round of [1, 2]) {
          await publish(store, 'a.zip', bytesOf(size + round));
          expect([undefined, await store.list()]).toContain(store.peekList());
          for (const _ of [1, 2]) {
            const known = store.peekContent('a.zip');
            const { package: stored, bytes } = known ?? { package: await store.find('a.zip') };
            expect(stored).toEqual(await store.find('a.zip'));
            if (bytes !== undefined) expect(bytes.equals(bytesOf(size + round))).toBe(true);
            await read(store, 'a.zip');
          }
        }
        await store.remove('a.zip');
        expect([undefined, await store.list()]).toContain(store.peekList());
        expect(store.peekContent('a.zip')).toBeUndefined();
      },
    );

    it('can be given up half way, and closed twice', async () => {
      const store = await harness.open();
      await publish(store, 'a.zip', bytesOf(LARGE));
      const opened = await store.open('a.zip');
      const chunks = opened.read()[Symbol.asyncIterator]();

      expect((await chunks.next()).done).toBe(false);
      await chunks.return?.();
      await opened.close();
      await opened.close();

      expect((await read(store, 'a.zip')).equals(bytesOf(LARGE))).toBe(true);
    });

    // Mutant: an overwrite writes into the stored file instead of putting another one in its place.
    it.each([SMALL, LARGE])('of %d bytes stays with its revision while that is overwritten', async (size) => {
      const store = await harness.open();
      const { package: old } = await publish(store, 'a.zip', bytesOf(size, 1));
      const opened = await store.open('a.zip');
      const partly = await store.open('a.zip');
      const chunks = partly.read()[Symbol.asyncIterator]();
      const [first] = [Buffer.from(((await chunks.next()).value as Uint8Array | undefined) ?? '')];

      await publish(store, 'a.zip', bytesOf(size + 1, 2));

      expect(opened.package).toEqual(old);
      await expectRepeatable(opened, bytesOf(size, 1));
      expect((await contentOf(opened)).equals(bytesOf(size, 1))).toBe(true);
      const rest: Buffer[] = [first];
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
        rest.push(Buffer.from(next.value));
      }
      await partly.close();
      expect(Buffer.concat(rest).equals(bytesOf(size, 1))).toBe(true);
      expect((await read(store, 'a.zip')).equals(bytesOf(size + 1, 2))).toBe(true);
    });

    it.each([SMALL, LARGE])('of %d bytes goes on when the package is removed or evicted', async (size) => {
      const store = await harness.open();
      await publish(store, 'a.zip', bytesOf(size, 1));
      const removed = await store.open('a.zip');
      await store.remove('a.zip');
      await publish(store, 'b.zip', bytesOf(size, 2));
      const evicted = await store.open('b.zip');
      await publish(store, 'c.zip', 'c', { evict: keepNewest(1) });

      await expectRepeatable(removed, bytesOf(size, 1));
      await expectRepeatable(evicted, bytesOf(size, 2));
      expect((await contentOf(removed)).equals(bytesOf(size, 1))).toBe(true);
      expect((await contentOf(evicted)).equals(bytesOf(size, 2))).toBe(true);
    });

    it('of one package is not disturbed by those of others', async () => {
      const store = await harness.open();
      const names = Array.from({ length: 20 }, (_, at) => `${at}.zip`);
      await publishAll(store, ...names);

      const contents = await Promise.all(names.map((name) => read(store, name)));

      expect(contents.map(String)).toEqual(names.map((name) => `content of ${name}`));
    });
  });
}

/** That one revision can be read again and again, in parts, and by many in turn. */
async function expectRepeatable(opened: OpenPackage, content: Buffer): Promise<void> {
  const last = content.length - 1;
  const ranges = [
    [0, last],
    [0, 0],
    [last, last],
    [5, last - 5],
    [Math.floor(last / 2), last],
    [0, last],
  ] as const;
  for (const [start, end] of ranges) {
    expect((await bytesIn(opened, start, end)).equals(content.subarray(start, end + 1))).toBe(true);
  }
  const reads = ranges.map(([start, end]) => ({
    chunks: opened.read(start, end)[Symbol.asyncIterator](),
    position: start,
    end: end + 1,
  }));
  // A chunk of each in turn, all of which are looked at together, as long as they are valid.
  for (let open = reads; open.length > 0; open = open.filter(({ position, end }) => position < end)) {
    const chunks = await Promise.all(open.map((one) => one.chunks.next()));
    await new Promise(setImmediate);
    for (const [at, one] of open.entries()) {
      const bytes = chunks[at]?.value as Uint8Array | undefined;
      const expected = content.subarray(one.position, one.position + (bytes?.length ?? 0));
      expect(bytes !== undefined && expected.equals(bytes)).toBe(true);
      one.position += expected.length;
    }
  }
  for (const { chunks } of reads) expect((await chunks.next()).done).toBe(true);
}
