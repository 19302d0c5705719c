import type { Committed } from '../package-store.js';
import { pause } from '../pause.js';
import { SharedRun } from '../shared-run.js';
import { StorageError } from '../storage.errors.js';
import type { Change } from './index-changes.js';
import type { IndexDocument } from './index-document.js';
import type { IndexObject } from './index-object.js';

/** Changes that are written at once, at most. */
const MOST_IN_GROUP = 64;
/** Milliseconds after which a change is given up. */
const DEADLINE_MS = 30_000;
/** Milliseconds of the first pause after somebody else was faster, and of the longest. */
const PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1000;

/** A change that waits for its outcome. */
interface Pending {
  readonly change: Change<unknown>;
  readonly deadline: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /**
   * `seq` of the latest version that a write with this change was to replace, if there was one. Whatever was answered, such
   * a write may take effect for as long as that version is the latest, and never afterwards.
   */
  replacing: number | undefined;
}

/** The version that holds the changes of a group, and what is to be answered once it is the latest. */
interface Decision {
  readonly next: IndexDocument;
  /** Those whose change `next` has. */
  readonly changed: readonly Pending[];
  /** Whether an answer holds only when no earlier write can take effect any more: then `next` must become the latest. */
  readonly mustReplace: boolean;
  readonly answers: ReadonlyMap<Pending, () => void>;
}

/**
 * Writes changes to the index, one version after the other: those that come while a write is in flight go together into
 * the next. A change is refused only by a version that was read after it came, and only when none of its writes can take
 * effect any more; it is in exactly once, however many answers of the store are lost.
 */
export class Committer {
  private readonly waiting = new Set<Pending>();
  private readonly runs = new SharedRun(() => this.run());

  constructor(
    private readonly index: Pick<IndexObject, 'recent' | 'fresh' | 'replace'>,
    private readonly now: () => number = Date.now,
    private readonly patience = DEADLINE_MS,
  ) {}

  /**
   * Rejects with the change's refusal, which is final, or with `storage_unavailable` when the store did not take it in
   * time; then it may be in nevertheless.
   */
  commit<T>(change: Change<T>, committed?: Committed<T>): Promise<T> {
    const outcome = new Promise<unknown>((resolve, reject) => {
      const deadline = performance.now() + this.patience;
      const done = (result: unknown): void => {
        committed?.(result as T);
        resolve(result);
      };
      this.waiting.add({ change, deadline, resolve: done, reject, replacing: undefined });
    });
    this.start();
    return outcome as Promise<T>;
  }

  /** Resolves when nothing is in flight. */
  async idle(): Promise<void> {
    await this.runs.inFlight;
  }

  /** Has a run take what waits: the one in flight, or the next where it has looked for the last time already. */
  private start(): void {
    void this.runs.join().then(() => {
      if (this.waiting.size > 0) this.start();
    });
  }

  private async run(): Promise<void> {
    // Others of the same moment join the first.
    await Promise.resolve();
    for (let failures = 0; this.waiting.size > 0;) {
      const group = [...this.waiting].slice(0, MOST_IN_GROUP);
      try {
        if (await this.write(group, failures > 0)) {
          failures = 0;
          continue;
        }
        this.expire(undefined);
      } catch (error) {
        if (isPassing(error)) this.expire(error);
        else this.answer(group, (pending) => pending.reject(error));
      }
      failures++;
      await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** Math.min(failures, 10)));
    }
  }

  /** Writes the next version with this group and answers it; false when somebody else was faster. */
  private async write(group: readonly Pending[], isRetry: boolean): Promise<boolean> {
    let version = isRetry ? await this.index.fresh() : await this.index.recent();
    let decision = this.decide(group, version.index, isRetry);
    if (decision === undefined) {
      version = await this.index.fresh();
      decision = this.decide(group, version.index, true);
    }
    if (decision === undefined) throw new Error('unreachable: a fresh version decides everything');
    const { next, changed, mustReplace, answers } = decision;
    if (next !== version.index || mustReplace) {
      for (const pending of changed) pending.replacing = version.index.seq;
      if (!(await this.index.replace(version, next))) return false;
    }
    this.answer(group, (pending) => answers.get(pending)?.());
    return true;
  }

  /**
   * Decides a group on one version of the index. A refusal may rest on what others of the group change, and is thus
   * answered with them. Only a fresh version may refuse: undefined asks for one.
   */
  private decide(group: readonly Pending[], index: IndexDocument, isFresh: boolean): Decision | undefined {
    let next = index;
    let mustReplace = false;
    const changed: Pending[] = [];
    const answers = new Map<Pending, () => void>();
    for (const pending of group) {
      const { change, replacing } = pending;
      const mayTakeEffect = replacing !== undefined && replacing >= index.seq;
      try {
        const known = replacing === undefined ? undefined : change.settled(index);
        const decided = known === undefined ? change.apply(next, this.now()) : { result: known };
        answers.set(pending, () => pending.resolve(decided.result));
        if ('next' in decided && decided.next !== undefined) {
          next = decided.next;
          changed.push(pending);
        } else mustReplace ||= mayTakeEffect;
      } catch (error) {
        if (!isFresh) return undefined;
        mustReplace ||= mayTakeEffect;
        answers.set(pending, () => pending.reject(error));
      }
    }
    return { next, changed, mustReplace, answers };
  }

  /** Gives up those whose time is over. */
  private expire(cause: unknown): void {
    const late = [...this.waiting].filter(({ deadline }) => deadline <= performance.now());
    const error = new StorageError(
      'storage_unavailable',
      'The object store did not take the change in time; it may have been made. Look, and try again.',
      { cause: cause ?? new Error('others changed the index again and again') },
    );
    this.answer(late, (pending) => pending.reject(error));
  }

  private answer(group: readonly Pending[], answer: (pending: Pending) => void): void {
    for (const pending of group) {
      this.waiting.delete(pending);
      answer(pending);
    }
  }
}

/** Whether it may go better the next time. */
function isPassing(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'storage_unavailable';
}
