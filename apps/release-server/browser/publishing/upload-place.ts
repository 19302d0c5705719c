import { announce } from '../dom.js';
import { tellMayNotPublish } from './account.js';
import { digestOf } from './digest.js';
import type { Collected } from './folders.js';
import { leftOut, sameName, sharedNames } from './left-out.js';
import { mayPublish } from './owner.js';
import { showPanel } from './panel.js';
import { publisher, type PublishingParts } from './publish-file.js';
import { tell } from './telling.js';
import type { Token } from './token.js';
import type { PanelWords } from './upload-panel.js';
import { isActive, Uploads, type Phase } from './uploads.js';

/** After these another list may be stored than the page shows; the server may have been faster than a cancel. */
const CHANGES = new Set<Phase['is']>(['published', 'uploaded', 'replaced', 'cancelled']);

/** Where files are published on a page. */
export interface UploadPlace {
  /** Asks for the token, and then shows the panel. */
  readonly open: () => Promise<void>;
  readonly addDropped: (dropped: Promise<Collected>) => Promise<void>;
  /** Whether something is under way. */
  readonly isActive: () => boolean;
}

interface PlaceOptions {
  readonly token: Token;
  readonly parts: Pick<PublishingParts, 'findStored' | 'askToPublish' | 'putPackage'>;
  readonly words?: PanelWords;
  /** Brings the list of packages up to date. */
  readonly refresh: () => Promise<void>;
  /** Called when it may be that something is under way now, or nothing any more. */
  readonly changed?: () => void;
}

/** Publishes files from `#publishing`, opened by the button `#publish`; undefined where the page has no such place. */
export function openUploadPlace(options: PlaceOptions): UploadPlace | undefined {
  const place = document.querySelector<HTMLElement>('#publishing');
  const button = document.querySelector<HTMLElement>('#publish');
  if (place === null || button === null) return undefined;

  const { token, parts, refresh, words, changed = () => {} } = options;
  const maxSize = Number(place.dataset['maxSize']);
  const mayOverwrite = place.dataset['overwrite'] === 'true';
  const work = publisher({ token, maxSize, mayOverwrite, digestOf, ...parts });
  const uploads = new Uploads(work, {
    changed: () => {
      panel.update();
      changed();
    },
    settled: () => void bringUpToDate(),
  });
  const panel = showPanel(place, uploads, { maxSize, words, take: (files) => void add(files) });
  button.addEventListener('click', () => void open());

  return { open, addDropped, isActive: () => uploads.all.some(isActive) };

  async function open(): Promise<void> {
    if (await mayGoOn()) panel.open();
  }

  async function add(files: readonly File[]): Promise<void> {
    if (!(await mayGoOn())) return;
    panel.open();
    for (const file of files) uploads.add(file);
  }

  async function addDropped(dropped: Promise<Collected>): Promise<void> {
    if (!(await mayGoOn())) return;
    const collected = await dropped;
    uploads.notice = leftOut(collected);
    panel.open();
    if (collected.tooMany) return;
    const shared = sharedNames(collected.files);
    for (const { file } of collected.files) {
      const paths = shared.get(file.name);
      uploads.add(file, paths === undefined ? undefined : sameName(paths));
    }
  }

  /** Asks for the token where there is none, and says where it is not one to publish with. */
  async function mayGoOn(): Promise<boolean> {
    if ((await token.get()) === undefined) return false;
    const { owner } = token;
    if (owner === undefined || mayPublish(owner)) return true;
    await tellMayNotPublish(owner);
    return false;
  }

  async function bringUpToDate(): Promise<void> {
    if (uploads.all.some(({ phase }) => CHANGES.has(phase.is))) await refresh();
    announce(tell(uploads.all));
  }
}
