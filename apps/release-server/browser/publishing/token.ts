import { Failure, type Problem } from './problem.js';

/**
 * Asks the person for a token, saying why the last one was refused if one was. Undefined where they do not give one.
 */
export type AskForToken = (refused: Problem | undefined) => Promise<string | undefined>;

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
    private readonly changed: (known: boolean) => void,
  ) {}

  /** The token, asked for where there is none; several who need it at once ask once. */
  async get(refused?: Problem): Promise<string | undefined> {
    if (this.value !== undefined) return this.value;
    this.asking ??= this.ask(refused).finally(() => (this.asking = undefined));
    const given = await this.asking;
    if (given !== undefined) this.set(given);
    return given;
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

  private set(value: string | undefined): void {
    if (value === this.value) return;
    this.value = value;
    this.accepted = false;
    this.changed(value !== undefined);
  }
}
