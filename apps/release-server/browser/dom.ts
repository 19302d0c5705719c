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

/** The link that a click follows in this tab, with no key that has it open elsewhere. */
export function followedLink(event: MouseEvent, selector: string): HTMLAnchorElement | undefined {
  const { defaultPrevented, button, ctrlKey, metaKey, shiftKey, altKey } = event;
  if (defaultPrevented || button !== 0 || ctrlKey || metaKey || shiftKey || altKey) return undefined;
  return (event.target as Element).closest<HTMLAnchorElement>(selector) ?? undefined;
}
