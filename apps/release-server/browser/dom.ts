/** The one element that the page has for this selector. Throws where it has none: page and script do not fit. */
export function element(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
}

/** Says something to screen readers, and nothing else; the same words twice are said twice. */
export function announce(words: string): void {
  const status = element('#status');
  status.textContent = '';
  requestAnimationFrame(() => {
    status.textContent = words;
  });
}
