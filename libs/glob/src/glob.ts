/**
 * Whether a text is what a pattern describes, in which `*` stands for any characters, also for none and for slashes, and
 * `?` for one. Takes at most the product of both lengths, whatever they are.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let [at, place] = [0, 0];
  // The last star, and how much of the text it stands for up to now.
  let [star, taken] = [-1, 0];
  while (place < text.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      [star, taken] = [at, place];
      at += 1;
    } else if (wanted === '?' || wanted === text[place]) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      taken += 1;
      [at, place] = [star + 1, taken];
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
