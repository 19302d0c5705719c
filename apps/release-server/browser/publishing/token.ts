import type { Owner } from './owner.js';
import { Failure, type Problem } from './problem.js';

/**
 * Asks the person for a token, saying why the last one was refused if one was. Undefined where they do not give one.
 */
export type AskForToken = (refused: Problem | undefined) => Promise<string | undefined>;

/** Whose it is. Rejects with a `Failure` where the server does not take a token, or does not answer. */
export type CheckToken = (token: string) => Promise<Owner>;

const MISSING: Problem = { title: 'This needs a token', again: true };

/** The token that somebody typed. It is kept here and nowhere else: never in storage, an address or an element. */
export class Token {
  private value: string | undefined;
  private asking: Promise<string | undefined> | undefined;
  /** Whose it is, where there is one. */
  owner: Owner | undefined;

  /** @param changed - Called when there is a token, when its owner may something else, and when there is none any more. */
  constructor(
    private readonly ask: AskForToken,
    private readonly check: CheckToken,
    private readonly changed: (owner: Owner | undefined) => void,
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
    if (this.value !== undefined) this.set(undefined, undefined);
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
        return await act(token);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (error.problem.code === 'insufficient_scope') void this.lookAgain(token);
        if (error.problem.code !== 'unauthorized') throw error;
        refused = error.problem;
        if (this.value === token) this.forget();
      }
    }
  }

  /** Asks until the server takes what is given. */
  private async askUntilTaken(refused: Problem | undefined): Promise<string | undefined> {
    for (;;) {
      const given = await this.ask(refused);
      if (given === undefined) return undefined;
      try {
        this.set(given, await this.check(given));
        return given;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        refused = error.problem;
      }
    }
  }

  /** What its owner may was another before, or the page would not have offered what was refused. */
  private async lookAgain(token: string): Promise<void> {
    try {
      const owner = await this.check(token);
      const isNews = JSON.stringify(owner) !== JSON.stringify(this.owner);
      if (isNews && this.value === token) this.set(token, owner);
    } catch {
      // The refusal itself is told where it was met.
    }
  }

  private set(value: string | undefined, owner: Owner | undefined): void {
    this.value = value;
    this.owner = owner;
    this.changed(owner);
  }
}
