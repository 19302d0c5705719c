import { announce, element, followedLink } from './dom.js';
import { heed, readHeaders } from './reading.js';

/** The parts of the page that tell what is stored. The search stays, with what is being typed, once it is there. */
const PARTS = ['#overview', '#results'];
const SEARCH = '#search';

let loading = new AbortController();
/** The selection that is shown or on its way. */
let shown = selectionOf(location);

/** Whether an address is that of the list, in whatever selection. */
function isListAddress(url: URL): boolean {
  return (
    url.origin === location.origin &&
    url.pathname.replace(/\/$/, '') === location.pathname.replace(/\/$/, '') &&
    url.searchParams.get('format') !== 'json'
  );
}

/** An address without its fragment, which is a place on the page. */
function selectionOf({ pathname, search }: Pick<URL, 'pathname' | 'search'>): string {
  return pathname + search;
}

/**
 * Shows the list at an address in the place of the present one, as following the address would, but keeps what the
 * page holds in memory. The last call counts: one that is overtaken does nothing.
 */
export async function showList(address: string): Promise<void> {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  shown = selectionOf(new URL(address, location.href));
  try {
    const response = await fetch(address, { headers: { Accept: 'text/html', ...readHeaders() }, signal });
    heed(response);
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    signal.throwIfAborted();
    const hasSearch = element(SEARCH).hasChildNodes();
    const parts = (hasSearch ? PARTS : [SEARCH, ...PARTS]).map(
      (part) => [element(part), page.querySelector(part)] as const,
    );
    if (parts.some(([, replacement]) => replacement === null)) {
      const detail = page.querySelector('.problem bdi')?.textContent;
      throw new Error(detail ?? (page.title || response.statusText));
    }
    const row = document.activeElement?.closest<HTMLElement>('#results tr')?.dataset['name'];
    for (const [part, replacement] of parts) part.replaceChildren(...(replacement?.childNodes ?? []));
    if (row !== undefined) rowOf(row)?.querySelector<HTMLElement>('.name')?.focus({ preventScroll: true });
    document.title = page.title;
    announce(document.querySelector('#found')?.textContent ?? '');
  } catch (error) {
    if (!signal.aborted) showFailure(address, error);
  }
}

/** In the place of the list, so that nobody takes what was there before for an answer. */
function showFailure(address: string, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  const words = `The list could not be loaded: ${reason.replace(/\.$/, '')}. `;
  const failure = document.createElement('p');
  failure.id = 'found';
  failure.className = 'nothing';
  failure.tabIndex = -1;
  const again = document.createElement('a');
  again.href = address;
  again.textContent = 'Try again';
  failure.append(words, again);
  element('#results').replaceChildren(failure);
  announce(words);
}

function rowOf(name: string): HTMLElement | undefined {
  return [...document.querySelectorAll<HTMLElement>('#results tr')].find(
    (row) => row.dataset['name'] === name,
  );
}

/** Shows what is stored now, in the present selection. */
export async function refreshList(): Promise<void> {
  await showList(location.href);
}

/** Has links to other selections, and the way back from them, change the list instead of the page. */
export function followListLinks(): void {
  document.addEventListener('click', (event) => {
    const link = followedLink(event, '#results a, .bar a');
    if (link === undefined || link.classList.contains('name') || !isListAddress(new URL(link.href))) return;
    event.preventDefault();
    // With its slash at the end or without, as the page is: what the page says of other addresses is relative to that.
    const address = new URL(new URL(link.href).search, location.href.replace(/[?#].*/, '')).href;
    history.pushState(null, '', address);
    fillSearch();
    void showList(address).then(() => {
      if (link.isConnected) return;
      // The link is gone, and with it the focus.
      element('#found').focus({ preventScroll: true });
      element('#results').scrollIntoView({ block: 'nearest' });
    });
  });
  addEventListener('popstate', () => {
    if (selectionOf(location) === shown) return;
    fillSearch();
    void refreshList();
  });
}

/** Puts the words of the address into the search. */
function fillSearch(): void {
  const search = document.querySelector<HTMLInputElement>('#q');
  if (search !== null) search.value = new URL(location.href).searchParams.get('q') ?? '';
}
