import { setTimeout as delay } from 'node:timers/promises';

import { StorageError } from '../storage.errors.js';
import type { Change } from './index-changes.js';
import type { IndexDocument } from './index-document.js';
import type { IndexObject } from './index-object.js';

/** Changes that are written at once, at most. */
const GROUP = 64;
/** Milliseconds after which a change is given up. */
const DEADLINE = 30_000;
/** Milliseconds of the first pause after somebody else was faster, and of the longest. */
const PAUSE = 10;
const LONGEST_PAUSE = 1000;

/** A change that waits for its outcome. */
interface Pending {
  readonly change: Change<unknown>;
  readonly deadline: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Whether the index was written with it, so that it may be in although no answer said so. */
  written: boolean;
}

/**
 * Writes changes to the index, one version after the other: those that come while a write is under way go together into
 * the next. A change is refused only by a version that was read after it came, and it is in exactly once, however many
 * answers of the store are lost.
 */
export class Committer {
  private waiting: Pending[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly index: IndexObject,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Rejects with the change's refusal, which is final, or with `storage_unavailable` when the store did not take it in
   * time; then it may be in nevertheless.
   */
  commit<T>(change: Change<T>): Promise<T> {
    const outcome = new Promise<unknown>((resolve, reject) => {
      const deadline = performance.now() + DEADLINE;
      this.waiting.push({ change, deadline, resolve, reject, written: false });
    });
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
    return outcome as Promise<T>;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    // Others of the same moment join the first.
    await Promise.resolve();
    while (this.waiting.length > 0) await this.writeGroup(this.waiting.splice(0, GROUP));
  }

  private async writeGroup(group: readonly Pending[]): Promise<void> {
    let left = group;
    let isFresh = false;
    for (let attempt = 0; left.length > 0; attempt++) {
      let failure: unknown;
      try {
        const { index, etag } = isFresh || attempt > 0 ? await this.index.fresh() : await this.index.recent();
        const decided = this.decide(left, index, isFresh || attempt > 0);
        if (decided === undefined) {
          isFresh = true;
          continue;
        }
        left = decided.included.map(({ pending }) => pending);
        if (decided.next === index) {
          for (const { pending, result } of decided.included) pending.resolve(result);
          return;
        }
        for (const pending of left) pending.written = true;
        if (await this.index.replace(etag, decided.next)) {
          for (const { pending, result } of decided.included) pending.resolve(result);
          return;
        }
      } catch (error) {
        failure = error;
      }
      left = isFinal(failure) ? rejectAll(left, failure) : expire(left, failure);
      await delay(Math.random() * Math.min(LONGEST_PAUSE, PAUSE * 2 ** Math.min(attempt, 10)));
    }
  }

  /**
   * The version that holds all of these changes, with their results. What is refused is answered, which only a fresh
   * version may do: undefined asks for one.
   */
  private decide(
    group: readonly Pending[],
    index: IndexDocument,
    isFresh: boolean,
  ): { next: IndexDocument; included: { pending: Pending; result: unknown }[] } | undefined {
    let next = index;
    const included: { pending: Pending; result: unknown }[] = [];
    const settled: (() => void)[] = [];
    for (const pending of group) {
      try {
        const known = pending.written ? pending.change.settled(index) : undefined;
        if (known !== undefined) {
          settled.push(() => pending.resolve(known));
          continue;
        }
        const applied = pending.change.apply(next, this.now());
        next = applied.next ?? next;
        included.push({ pending, result: applied.result });
      } catch (error) {
        if (!isFresh) return undefined;
        settled.push(() => pending.reject(error));
      }
    }
    for (const settle of settled) settle();
    return { next, included };
  }
}

/** Whether trying again is of no use: the store refused. */
function isFinal(failure: unknown): boolean {
  return (
    failure !== undefined && !(failure instanceof StorageError && failure.code === 'storage_unavailable')
  );
}

function rejectAll(group: readonly Pending[], failure: unknown): readonly Pending[] {
  for (const pending of group) pending.reject(failure);
  return [];
}

/** Those that still have time; the others are answered. */
function expire(group: readonly Pending[], failure: unknown): readonly Pending[] {
  return group.filter((pending) => {
    if (performance.now() < pending.deadline) return true;
    pending.reject(
      new StorageError(
        'storage_unavailable',
        'The object store did not take the change in time; it may have been made. Look, and try again.',
        { cause: failure ?? new Error('others changed the index again and again') },
      ),
    );
    return false;
  });
}
