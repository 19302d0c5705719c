import { announce, element } from '../dom.js';
import { problemOf } from '../publishing/problem.js';
import { loadPage } from '../publishing/server.js';
import type { Token } from '../publishing/token.js';

/** The parts of the page of a release that a change of it changes. */
const PARTS = ['#head', '#notes', '#results'];

/** Shows pages of releases in the place of the present one, as the owner of the token sees them. */
export class ManagedPages {
  private turn = 0;
  /** Without its fragment, which is a place on the page. */
  private address = addressOf(location.href);

  /** @param shown - Called when another page is there. */
  constructor(
    private readonly token: Token,
    private readonly shown: () => void,
  ) {}

  /**
   * Shows the page at an address, as following it would. The last call counts: one that is overtaken does nothing.
   *
   * @param isNew - Whether the history gets an entry for it.
   */
  async show(address: string | URL, isNew: boolean): Promise<void> {
    const turn = ++this.turn;
    this.address = addressOf(address);
    try {
      const page = await this.token.use((secret) => loadPage(address, secret));
      if (turn !== this.turn) return;
      if (isNew) history.pushState(null, '', address);
      element('main').replaceChildren(...(page.querySelector('main')?.childNodes ?? []));
      document.title = page.title;
    } catch (error) {
      if (turn !== this.turn) return;
      showFailure(address, error);
    }
    this.shown();
    element('main').focus({ preventScroll: true });
    scrollTo({ top: 0, behavior: 'instant' });
    announce(document.title);
  }

  /** Has the way back and forth through the history show what was there. */
  followHistory(): void {
    addEventListener('popstate', () => {
      if (this.token.isKnown && addressOf(location.href) !== this.address) {
        void this.show(location.href, false);
      }
    });
  }

  /** Brings the parts of the page of a release up to date, and leaves what is under way there. */
  async refresh(): Promise<void> {
    const turn = ++this.turn;
    try {
      const page = await this.token.use((secret) => loadPage(location.href, secret));
      if (turn !== this.turn) return;
      const article = page.querySelector<HTMLElement>('article.release');
      // It is gone, which the whole page tells.
      if (article === null) return await this.show(location.href, false);
      for (const part of PARTS) {
        element(part).replaceChildren(...(article.querySelector(part)?.childNodes ?? []));
      }
      element('article.release').dataset['managed'] = article.dataset['managed'];
      document.title = page.title;
    } catch (error) {
      if (turn === this.turn) showFailure(location.href, error);
    }
  }
}

/** In the place of the page, so that nobody takes what was there before for an answer. */
function showFailure(address: string | URL, error: unknown): void {
  const { title, detail = '' } = problemOf(error);
  const failure = document.createElement('p');
  failure.className = 'nothing';
  const again = document.createElement('a');
  again.href = String(address);
  again.textContent = 'Try again';
  failure.append(`The page could not be loaded: ${title}. ${detail} `, again);
  element('main').replaceChildren(failure);
}

function addressOf(address: string | URL): string {
  return String(new URL(address, location.href)).replace(/#.*/, '');
}
