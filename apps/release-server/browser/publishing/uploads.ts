import { problemOf, type Problem, type Stored } from './problem.js';

/** How many are under way at a time; the others wait. */
const AT_ONCE = 2;

/** How far an upload is. `done` is in bytes, `speed` in bytes per second. */
export type Phase =
  | { readonly is: 'waiting' }
  | { readonly is: 'hashing' | 'uploading'; readonly done: number; readonly speed: number | undefined }
  | { readonly is: 'conflict'; readonly stored: Stored }
  | { readonly is: 'identical' | 'skipped' | 'cancelled' }
  | Sent
  | { readonly is: 'failed'; readonly problem: Problem };

/** The server has it. */
export interface Sent {
  /** Uploaded is what nobody sees before its release is published. */
  readonly is: 'published' | 'uploaded' | 'replaced';
  /** Names of what left to make room. */
  readonly evicted: readonly string[];
}

export interface Upload {
  readonly id: number;
  readonly file: File;
  phase: Phase;
  /** Its SHA-256 in hexadecimal, once that is computed. */
  sha256?: string;
  /** The version that it may replace. */
  replaces?: string | undefined;
  running?: AbortController;
}

/**
 * Takes an upload as far as it comes without the person, tells of each phase on the way, and returns the one in which it
 * rests. Rejects with a `Failure`.
 */
export type Publish = (upload: Upload, phase: (phase: Phase) => void, signal: AbortSignal) => Promise<Phase>;

interface Listener {
  /** Something is to be shown. */
  readonly changed: () => void;
  /** Nothing is under way any more, and nothing waits but for the person. */
  readonly settled: () => void;
}

export function isActive({ phase }: Upload): boolean {
  return phase.is === 'waiting' || phase.is === 'hashing' || phase.is === 'uploading';
}

export function mayGoOn({ phase }: Upload): boolean {
  return phase.is === 'cancelled' || (phase.is === 'failed' && phase.problem.again === true);
}

/** Whether there is nothing left to do or to decide. */
export function isFinished(upload: Upload): boolean {
  return !isActive(upload) && upload.phase.is !== 'conflict';
}

/** All files that somebody gave, in that order, and the queue in which they are published. */
export class Uploads {
  all: readonly Upload[] = [];
  /** What there is to say of the files that were given last, beyond the uploads. */
  notice = '';
  private given = 0;
  private running = 0;

  constructor(
    private readonly publish: Publish,
    private readonly listener: Listener,
  ) {}

  /** @param problem - What is wrong with it from the start. */
  add(file: File, problem?: Problem): void {
    const phase: Phase = problem === undefined ? { is: 'waiting' } : { is: 'failed', problem };
    this.all = [...this.all, { id: ++this.given, file, phase }];
    this.next();
  }

  /** Does nothing to what is finished. */
  cancel(upload: Upload): void {
    if (upload.phase.is === 'waiting') upload.phase = { is: 'cancelled' };
    upload.running?.abort();
    this.next();
  }

  again(upload: Upload): void {
    upload.phase = { is: 'waiting' };
    this.next();
  }

  /** Replaces what the person was shown, and nothing else. */
  overwrite(upload: Upload): void {
    if (upload.phase.is !== 'conflict') return;
    upload.replaces = upload.phase.stored.etag;
    this.again(upload);
  }

  skip(upload: Upload): void {
    upload.phase = { is: 'skipped' };
    this.listener.changed();
  }

  clearFinished(): void {
    this.all = this.all.filter((upload) => !isFinished(upload));
    this.notice = '';
    this.listener.changed();
  }

  private next(): void {
    for (const upload of this.all) {
      if (this.running < AT_ONCE && upload.phase.is === 'waiting' && upload.running === undefined) {
        void this.run(upload);
      }
    }
    this.listener.changed();
    if (!this.all.some(isActive)) this.listener.settled();
  }

  private async run(upload: Upload): Promise<void> {
    const running = new AbortController();
    const { signal } = running;
    upload.running = running;
    this.running += 1;
    const show = (phase: Phase): void => {
      if (signal.aborted) return;
      upload.phase = phase;
      this.listener.changed();
    };
    try {
      upload.phase = await this.publish(upload, show, signal);
    } catch (error) {
      this.end(upload, signal.aborted ? { is: 'cancelled' } : { is: 'failed', problem: problemOf(error) });
    }
    delete upload.running;
    this.running -= 1;
    this.next();
  }

  /** What fails for a reason that all have in common ends those that wait as well, instead of asking for each. */
  private end(upload: Upload, phase: Phase): void {
    upload.phase = phase;
    if (phase.is !== 'failed' || phase.problem.forAll !== true) return;
    for (const other of this.all) {
      if (other.phase.is === 'waiting' && other.running === undefined) other.phase = phase;
    }
  }
}
