/** Tells how far something is: on a terminal in one line that changes, elsewhere in a line for each step. */
export class Progress {
  constructor(private readonly stream: NodeJS.WriteStream) {}

  /** What is being done now. */
  doing(text: string): void {
    if (this.stream.isTTY) this.stream.write(`\r\u001B[K${text.slice(0, this.stream.columns - 1)}`);
  }

  /** What is done. */
  done(text: string): void {
    if (!this.stream.isTTY) this.stream.write(`${text}\n`);
  }

  /** A line that stays, on a terminal too. */
  tell(text: string): void {
    this.clear();
    this.stream.write(`${text}\n`);
  }

  clear(): void {
    if (this.stream.isTTY) this.stream.write('\r\u001B[K');
  }
}
