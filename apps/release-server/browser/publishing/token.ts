import type { ProblemCode } from '../../src/problems/problem-codes.js';
import { Failure, type Problem } from './problem.js';

/**
 * Asks the person for a token, saying why the last one was refused if one was. Undefined where they do not give one.
 */
export type AskForToken = (refused: Problem | undefined) => Promise<string | undefined>;

/** Rejects with a `Failure` where the server does not take a token, or does not answer. */
export type CheckToken = (token: string) => Promise<void>;

/** What the server says of the token itself, or of whoever gives too many wrong ones. */
const REFUSALS = new Set<ProblemCode | undefined>(['unauthorized', 'too_many_attempts']);
const MISSING: Problem = { title: 'This needs a token', again: true };

/** The token that somebody typed. It is kept here and nowhere else: never in storage, an address or an element. */
export class Token {
  private value: string | undefined;
  private asking: Promise<string | undefined> | undefined;
  /** Whether the server took it at least once. */
  accepted = false;

  /** @param changed - Called when there is a token, and when there is none any more. */
  constructor(
    private readonly ask: AskForToken,
    private readonly check: CheckToken,
    private readonly changed: (known: boolean) => void,
  ) {}

  get isKnown(): boolean {
    return this.value !== undefined;
  }

  /** The token, where there is one. */
  get known(): string | undefined {
    return this.value;
  }

  /** The token, asked for where there is none; several who need it at once ask once. */
  async get(refused?: Problem): Promise<string | undefined> {
    if (this.value !== undefined) return this.value;
    this.asking ??= this.askUntilTaken(refused).finally(() => (this.asking = undefined));
    return this.asking;
  }

  forget(): void {
    this.set(undefined);
  }

  /**
   * Does what needs a token. One that the server refuses is forgotten, and the same is done with another if the person
   * gives one; if not, this rejects with the words of the server.
   */
  async use<Result>(act: (token: string) => Promise<Result>): Promise<Result> {
    let refused: Problem | undefined;
    for (;;) {
      const token = await this.get(refused);
      if (token === undefined) throw new Failure({ ...(refused ?? MISSING), forAll: true });
      try {
        const result = await act(token);
        this.accepted = true;
        return result;
      } catch (error) {
        if (!(error instanceof Failure) || error.problem.code !== 'unauthorized') throw error;
        refused = error.problem;
        if (this.value === token) this.forget();
      }
    }
  }

  /** Asks until the server takes what is given, or cannot say whether it does: then its first use tells. */
  private async askUntilTaken(refused: Problem | undefined): Promise<string | undefined> {
    for (;;) {
      const given = await this.ask(refused);
      if (given === undefined) return undefined;
      try {
        await this.check(given);
        this.set(given);
        this.accepted = true;
        return given;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (!REFUSALS.has(error.problem.code)) {
          this.set(given);
          return given;
        }
        refused = error.problem;
      }
    }
  }

  private set(value: string | undefined): void {
    if (value === this.value) return;
    this.value = value;
    this.accepted = false;
    this.changed(value !== undefined);
  }
}
