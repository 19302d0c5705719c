import type { ProblemDocument } from './problem.js';

/** Shows an error to people; `web/` provides it, in the frame of all pages. */
export abstract class ErrorPage {
  /** The page's `Content-Security-Policy`. */
  abstract readonly policy: string;

  /** As HTML. */
  abstract render(problem: ProblemDocument): string;
}
