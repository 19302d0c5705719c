import { element } from './dom.js';
import { showList } from './list.js';

/** How long typing rests before it is searched for, in milliseconds. */
const DEBOUNCE_MS = 150;
/** After such a rest what is typed next is another search, with an entry of its own in the history, in milliseconds. */
const NEXT_SEARCH_MS = 2000;

/** Searches while somebody types, without taking the focus from where they type. */
export function findWhileTyping(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = -Infinity;
  document.addEventListener('input', (event) => {
    if (!(event.target instanceof HTMLInputElement) || event.target.id !== 'q') return;
    clearTimeout(timer);
    timer = setTimeout(find, DEBOUNCE_MS);
  });
  document.addEventListener('submit', (event) => {
    if (!(event.target instanceof HTMLFormElement) || !event.target.matches('.search')) return;
    event.preventDefault();
    clearTimeout(timer);
    find();
  });

  function find(): void {
    const address = addressOf(element('#q') as HTMLInputElement);
    if (address === location.href) return;
    const now = performance.now();
    if (now - last < NEXT_SEARCH_MS) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
    last = now;
    void showList(address);
  }
}

/** The address that the search leads to, in the order that the page has now. */
function addressOf(search: HTMLInputElement): string {
  const url = new URL(location.href);
  const words = search.value.trim();
  if (words === '') url.searchParams.delete('q');
  else url.searchParams.set('q', words);
  url.searchParams.delete('page');
  return url.href;
}

/** `/` goes to the search; the arrow keys walk over the packages, from the search and back to it. */
export function walkWithKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null)
      return;
    const target = event.target as HTMLElement;
    const search = document.querySelector<HTMLInputElement>('#q');
    const inSearch = target === search;
    if (!inSearch && target.matches('input, textarea, select, [contenteditable]')) return;
    if (event.key === '/' && !inSearch && search !== null) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (walk(target, event.key === 'ArrowDown' ? 1 : -1, search)) event.preventDefault();
    }
  });
}

/** Moves by one row; false where nothing is there to move to, or nothing that one came from. */
function walk(from: HTMLElement, step: 1 | -1, search: HTMLInputElement | null): boolean {
  const names = [...document.querySelectorAll<HTMLElement>('#results .name')];
  const row = from.closest('tr')?.querySelector<HTMLElement>('.name') ?? null;
  if (row === null) {
    if (from !== search || step === -1) return false;
    names[0]?.focus();
    return names.length > 0;
  }
  const next = names.indexOf(row) + step;
  (names[next] ?? (next < 0 ? search : null))?.focus();
  return true;
}
