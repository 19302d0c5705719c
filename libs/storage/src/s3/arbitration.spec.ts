import { StorageError } from '../storage.errors.js';
import { assertArbitration } from './arbitration.js';
import type { Bucket, Conditions } from './bucket.js';

/** What becomes of a write: as a store should have it, made whatever its conditions, or with its answer lost. */
type Manner = 'as it should be' | 'in spite of its conditions' | 'with its answer lost';

/** A bucket in memory that treats writes as told. */
class FakeBucket {
  readonly objects = new Map<string, string>();
  private writes = 0;

  constructor(private readonly mannerOf: (write: number, conditions: Conditions) => Manner) {}

  async put(key: string, body: Buffer, conditions: Conditions, sha256?: string): Promise<string | undefined> {
    await new Promise(setImmediate);
    if (sha256 !== undefined) throw new StorageError('storage_failed', 'The checksum is wrong.');
    const manner = this.mannerOf(this.writes++, conditions);
    const tag = this.objects.get(key);
    const holds = conditions.ifNoneMatch === '*' ? tag === undefined : tag === conditions.ifMatch;
    const isMade = holds || manner === 'in spite of its conditions';
    if (isMade) this.objects.set(key, body.toString());
    if (manner === 'with its answer lost') throw new StorageError('storage_unavailable', 'No answer.');
    return isMade ? body.toString() : undefined;
  }

  delete(key: string): Promise<void> {
    this.objects.delete(key);
    return Promise.resolve();
  }
}

describe('assertArbitration', () => {
  const probe = (mannerOf: ConstructorParameters<typeof FakeBucket>[0]): Promise<FakeBucket> => {
    const bucket = new FakeBucket(mannerOf);
    return assertArbitration(bucket as unknown as Bucket, 'p/').then(() => bucket);
  };

  it('takes a store of whose conditional writes one succeeds, and leaves nothing there', async () => {
    expect((await probe(() => 'as it should be')).objects.size).toBe(0);
  });

  it.each<[string, (conditions: Conditions) => boolean]>([
    ['16 of 16 writes with If-None-Match: * succeeded', ({ ifNoneMatch }) => ifNoneMatch !== undefined],
    ['16 of 16 writes with one If-Match succeeded', ({ ifMatch }) => ifMatch !== undefined],
  ])('refuses a store of which %s', async (says, isIgnored) => {
    await expect(
      probe((_, conditions) => (isIgnored(conditions) ? 'in spite of its conditions' : 'as it should be')),
    ).rejects.toThrow(says);
  });

  // Mutant: any lost answer ends the start.
  it('takes a store of which some answers are lost', async () => {
    const bucket = await probe((write) => (write % 20 === 0 ? 'with its answer lost' : 'as it should be'));
    expect(bucket.objects.size).toBe(0);
  });

  it('is not sure of a store that answers nothing', async () => {
    await expect(probe(() => 'with its answer lost')).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});
