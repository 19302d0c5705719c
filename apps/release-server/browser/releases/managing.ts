import type { ReleaseData } from '../../src/web/releases/release-data.js';
import { followedLink } from '../dom.js';
import { showAccount, tellMayNotPublish } from '../publishing/account.js';
import { deleteOnClick, offerDeleting } from '../publishing/deleting.js';
import { takeDroppedFiles } from '../publishing/dropping.js';
import type { Collected } from '../publishing/folders.js';
import { checkToken, packagesOf, releasesAddress } from '../publishing/server.js';
import { askForToken } from '../publishing/token-dialog.js';
import { Token } from '../publishing/token.js';
import { openUploadPlace, type UploadPlace } from '../publishing/upload-place.js';
import { actionsOn } from './actions.js';
import { ManagedPages } from './pages.js';
import { storedOnPage } from './stored.js';

/**
 * Lets who has the token see drafts and change releases, where the server takes that. The token stays in the memory of the
 * tab: from then on the pages of releases are loaded with it, each in the place of the one before.
 */
export function startManaging(): void {
  const manage = document.querySelector<HTMLElement>('#manage');
  if (manage === null) return;

  const showOwner = showAccount(manage, forget);
  const showDeleting = offerDeleting(() => token);
  const token = new Token(askForToken, checkToken, (owner) => {
    manage.hidden = owner !== undefined;
    showOwner(owner);
    showDeleting();
  });
  const pages = new ManagedPages(token, () => (place = placeFor(managed())));
  const actions = actionsOn(pages, token);
  let place: UploadPlace | undefined;

  manage.addEventListener('click', () => void open());
  document.addEventListener('click', (event) => {
    const button = (event.target as Element).closest<HTMLElement>('[data-act]');
    if (button !== null) void act(button.dataset['act']);
  });
  takeDroppedFiles(
    (dropped) => void open().then(() => add(dropped)),
    () => (token.isKnown ? place !== undefined : document.querySelector('article.release') !== null),
  );
  deleteOnClick(token, () => pages.refresh());
  followLinks();
  pages.followHistory();
  addEventListener('beforeunload', (event) => {
    if (place?.isActive() === true) event.preventDefault();
  });

  /** Asks for the token, where there is none, and then shows what its owner sees. */
  async function open(): Promise<void> {
    if (token.isKnown || (await token.get()) === undefined) return;
    await pages.show(location.href, false);
  }

  async function add(dropped: Promise<Collected>): Promise<void> {
    if (place !== undefined) await place.addDropped(dropped);
    else if (token.owner !== undefined) await tellMayNotPublish(token.owner);
  }

  async function act(name: string | undefined): Promise<void> {
    if (name === 'draft') {
      if (await actions.draft()) await place?.open();
      return;
    }
    const release = managed();
    if (release === undefined) return;
    if (name === 'edit') await actions.edit(release);
    else if (name === 'publish') await actions.publish(release);
    else if (name === 'delete') await actions.delete(release);
  }

  function placeFor(release: ReleaseData | undefined): UploadPlace | undefined {
    if (release === undefined) return undefined;
    const { tag, draft } = release;
    const { askToPublish, putPackage } = packagesOf(tag);
    const opened: UploadPlace | undefined = openUploadPlace({
      token,
      parts: {
        findStored: async (name) => storedOnPage(name, tag),
        askToPublish,
        putPackage: async (...sent) => {
          const stored = await putPackage(...sent);
          return draft && stored.is === 'published' ? { ...stored, is: 'uploaded' } : stored;
        },
      },
      words: {
        heading: 'Add files',
        note: draft ? 'Nobody else sees them before the release is published.' : 'They are public at once.',
      },
      refresh: () => pages.refresh(),
      changed: () => {
        // What is half there is not published, and nothing moves away from under an upload.
        for (const button of document.querySelectorAll<HTMLButtonElement>('[data-act]')) {
          button.disabled = opened?.isActive() === true;
        }
      },
    });
    return opened;
  }

  /** Goes to the public view of the page, or to the list where that is a draft, which has none. */
  function forget(): void {
    const isDraft = managed()?.draft === true;
    token.forget();
    location.assign(isDraft ? releasesAddress() : location.href.replace(/#.*/, ''));
  }

  function followLinks(): void {
    // What stands around the page is relative to where it was loaded from, and stays when the address is another.
    for (const part of document.querySelectorAll('.bar :is(a, img), .foot a, [rel="icon"]')) {
      const name = part.hasAttribute('src') ? 'src' : 'href';
      part.setAttribute(name, new URL(part.getAttribute(name) ?? '', location.href).href);
    }
    document.addEventListener('click', (event) => {
      const link = followedLink(event, 'a');
      // Who leaves while something is under way is asked by the browser.
      if (link === undefined || !token.isKnown || place?.isActive() === true) return;
      if (link.origin + link.pathname === location.origin + location.pathname && link.hash !== '') return;
      const address = releasesAddress();
      const isOfReleases =
        link.origin === address.origin &&
        (link.pathname === address.pathname || link.pathname.startsWith(`${address.pathname}/tag/`));
      if (!isOfReleases) return;
      event.preventDefault();
      void pages.show(link.href, true);
    });
  }
}

/** The release that the page lets somebody change. */
function managed(): ReleaseData | undefined {
  const json = document.querySelector<HTMLElement>('article.release')?.dataset['managed'];
  return json === undefined ? undefined : (JSON.parse(json) as ReleaseData);
}
