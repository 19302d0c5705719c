import { describe, expect, it } from '@jest/globals';

import type { Owner } from './owner.js';
import { Failure, UNREACHABLE, type Problem, type Stored } from './problem.js';
import { publisher, type PublishingParts } from './publish-file.js';
import type { Phase, Upload } from './uploads.js';

const MIB = 1024 ** 2;
const OURS = 'a'.repeat(64);
const SAME: Stored = { size: 3, sha256: OURS, etag: `"sha256:${OURS}"` };
const OTHER: Stored = { size: 4, sha256: 'b'.repeat(64), etag: '"other"' };
const EXISTS: Problem = { title: 'The package exists already', code: 'package_exists' };
const CHANGED: Problem = { title: 'The package is not the expected version', code: 'precondition_failed' };
const BAD_NAME: Problem = { title: 'The package name is not allowed', code: 'invalid_package_name' };

/** Publishes one file with some parts replaced, and tells what was done for it, in order. */
async function publish(
  upload: Partial<Upload> & { readonly name?: string; readonly size?: number },
  replaced: Partial<PublishingParts> = {},
  owner: Owner = { name: 'ci', scopes: ['publish', 'overwrite'] },
) {
  const { name = 'a-v1.0.0.zip', size = 3, ...rest } = upload;
  const steps: string[] = [];
  const doing =
    <Args extends unknown[], Result>(step: string, part: (...args: Args) => Result) =>
    (...args: Args): Result => {
      steps.push(step);
      return part(...args);
    };
  const parts: PublishingParts = {
    token: { owner, use: (act) => act('secret') },
    maxSize: 256 * MIB,
    mayOverwrite: true,
    digestOf: async () => OURS,
    findStored: async () => undefined,
    askToPublish: async () => undefined,
    putPackage: async () => ({ is: 'published' as const, evicted: ['old.zip'] }),
    ...replaced,
  };
  const one: Upload = { id: 1, file: { name, size } as File, phase: { is: 'waiting' }, ...rest };
  const shown: Phase['is'][] = [];
  const work = publisher({
    ...parts,
    digestOf: doing('digest', parts.digestOf),
    findStored: doing('find', parts.findStored),
    askToPublish: doing('ask', parts.askToPublish),
    putPackage: doing('put', parts.putPackage),
  });
  const outcome = await work(one, ({ is }) => shown.push(is), new AbortController().signal).catch(
    (error: unknown) => error,
  );
  return { outcome, steps, shown, upload: one };
}

const failing = (problem: Problem) => () => Promise.reject(new Failure(problem));
/** Does what it is asked for, or fails, one time after the other. */
const answering =
  (...problems: (Problem | undefined)[]) =>
  async () => {
    const problem = problems.shift();
    if (problem !== undefined) throw new Failure(problem);
  };

describe('publisher', () => {
  it('computes the digest, looks for the name, and sends', async () => {
    const { outcome, steps, shown } = await publish({});

    expect(outcome).toEqual({ is: 'published', evicted: ['old.zip'] });
    expect(steps).toEqual(['digest', 'find', 'put']);
    expect(shown).toEqual(['hashing', 'uploading']);
  });

  it('sends nothing where identical bytes are stored', async () => {
    const { outcome, steps } = await publish({}, { findStored: async () => SAME });

    expect(outcome).toEqual({ is: 'identical' });
    expect(steps).not.toContain('put');
  });

  it('asks before it replaces other bytes', async () => {
    const { outcome, steps } = await publish({}, { findStored: async () => OTHER });

    expect(outcome).toEqual({ is: 'conflict', stored: OTHER });
    expect(steps).not.toContain('put');
  });

  it('does not offer to replace other bytes where the server would refuse', async () => {
    const kept = { mayOverwrite: false, findStored: async () => OTHER };
    const { outcome, steps } = await publish({}, kept);

    expect(outcome).toMatchObject({ problem: { code: 'overwrite_disabled' } });
    expect(steps).not.toContain('put');
    expect((await publish({}, { ...kept, findStored: async () => SAME })).outcome).toEqual({
      is: 'identical',
    });
  });

  it('does not offer to replace other bytes to who may not overwrite', async () => {
    const owner: Owner = { name: 'ci', scopes: ['publish'] };
    const { outcome } = await publish({}, { findStored: async () => OTHER }, owner);

    expect(outcome).toMatchObject({ problem: { code: 'insufficient_scope' } });
    expect((await publish({}, { findStored: async () => SAME }, owner)).outcome).toEqual({ is: 'identical' });
  });

  it.each([
    ['other bytes', OTHER, { is: 'conflict', stored: OTHER }],
    ['identical bytes', SAME, { is: 'identical' }],
  ])('minds %s that came while it sent', async (_, stored, outcome) => {
    const result = await publish({}, { putPackage: failing({ ...EXISTS, stored }) });

    expect(result.outcome).toEqual(outcome);
  });

  it('replaces the version that was shown, and computes no digest again', async () => {
    const { outcome, steps } = await publish(
      { replaces: '"old"', sha256: OURS },
      {
        putPackage: async (_, { replaces }) => ({
          is: replaces === '"old"' ? 'replaced' : 'published',
          evicted: [],
        }),
      },
    );

    expect(outcome).toEqual({ is: 'replaced', evicted: [] });
    expect(steps).toEqual(['put']);
  });

  it('asks again where another version took its place', async () => {
    const { outcome, upload } = await publish(
      { replaces: '"old"' },
      { putPackage: failing({ ...CHANGED, stored: OTHER }) },
    );

    expect(outcome).toEqual({ is: 'conflict', stored: OTHER });
    expect(upload.replaces).toBeUndefined();
  });

  it('may be tried again, as a new package, where the version to replace is gone', async () => {
    const { outcome, upload } = await publish({ replaces: '"old"' }, { putPackage: failing(CHANGED) });

    expect(outcome).toMatchObject({ problem: { ...CHANGED, again: true } });
    expect(upload.replaces).toBeUndefined();
  });

  it('refuses what is too large before anything else', async () => {
    const { outcome, steps } = await publish({ size: 257 * MIB });

    expect(outcome).toMatchObject({ problem: { code: 'package_too_large' } });
    expect(steps).toEqual([]);
  });

  it.each([
    ['a large file', 100 * MIB, ['ask', 'digest', 'find', 'put']],
    ['a small file', 3, ['digest', 'find', 'put']],
  ])('of %s, asks what it must before it costs', async (_, size, expected) => {
    const { steps } = await publish({ size });

    expect(steps).toEqual(expected);
  });

  it('asks for the words that were lost with the connection of a large file', async () => {
    const { outcome } = await publish(
      { size: 100 * MIB },
      { putPackage: failing(UNREACHABLE), askToPublish: answering(undefined, BAD_NAME) },
    );

    expect(outcome).toMatchObject({ problem: BAD_NAME });
  });

  it('says that the server cannot be reached where nothing else is wrong', async () => {
    const { outcome } = await publish({ size: 100 * MIB }, { putPackage: failing(UNREACHABLE) });

    expect(outcome).toMatchObject({ problem: UNREACHABLE });
  });
});
