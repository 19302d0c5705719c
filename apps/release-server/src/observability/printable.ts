/** What does not show, moves the cursor or turns the direction of writing, and line breaks of every kind. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Text of others for a log line that may be shown on a terminal: its first characters, with what does not print escaped. */
export function printable(text: string, maxLength = 200): string {
  const kept = text.slice(0, maxLength).replace(UNPRINTABLE, escaped);
  return text.length > maxLength ? `${kept}…` : kept;
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
