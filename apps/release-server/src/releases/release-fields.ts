import { ProblemError } from '../problems/problem.js';

/** What a client says of a release. A member that is undefined leaves what is there; an empty text takes it away. */
export interface ReleaseFields {
  /** Another one than it has moves the release, with its folder. */
  readonly tag?: string | undefined;
  readonly title?: string | undefined;
  /** Markdown. */
  readonly notes?: string | undefined;
  readonly isDraft?: boolean | undefined;
  readonly isPrerelease?: boolean | undefined;
  /** Whether it is to be the latest release from now on, or never; `auto` has its version decide. */
  readonly latest?: 'yes' | 'never' | 'auto' | undefined;
  /** The branch or commit that it is made of. */
  readonly target?: string | undefined;
}

/** Bytes of short texts: a title, a label, a branch. */
export const MAX_TEXT_BYTES = 1024;
/** UTF-16 units of notes, as GitHub has it. */
export const MAX_NOTES = 125_000;

/** Throws `invalid_parameter` for a text that is too long or not Unicode. */
export function assertFields({ title, notes, target }: ReleaseFields): void {
  assertText('title', title);
  assertText('target', target);
  if (notes === undefined) return;
  if (notes.length > MAX_NOTES) throw invalid('notes', `expected at most ${MAX_NOTES} characters`);
  if (!notes.isWellFormed()) throw invalid('notes', 'expected Unicode');
}

/** Throws `invalid_parameter`. */
export function assertText(parameter: string, text: string | undefined): void {
  if (text === undefined) return;
  if (!text.isWellFormed()) throw invalid(parameter, 'expected Unicode');
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES) {
    throw invalid(parameter, `expected at most ${MAX_TEXT_BYTES} bytes`);
  }
}

/** The refusal of one part of what a client says. */
export function invalid(parameter: string, why: string): ProblemError {
  return new ProblemError('invalid_parameter', `${parameter}: ${why}.`, { members: { parameter } });
}
