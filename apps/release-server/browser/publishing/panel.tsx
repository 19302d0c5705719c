import { render } from 'preact';

import { UploadPanel } from './upload-panel.js';
import type { Uploads } from './uploads.js';

interface Panel {
  /** Shows it, with the focus on what comes next. */
  readonly open: () => void;
  /** Shows what has changed, if it is open. */
  readonly update: () => void;
}

/** The panel of uploads, closed at first. @param take - Gets the files that somebody chooses. */
export function showPanel(
  place: HTMLElement,
  uploads: Uploads,
  maxSize: number,
  take: (files: readonly File[]) => void,
): Panel {
  let isOpen = false;

  const update = (): void => {
    const held = document.activeElement;
    const inside = place.contains(held);
    const row = held?.closest<HTMLElement>('.upload') ?? null;
    const content = <UploadPanel uploads={uploads} maxSize={maxSize} take={take} close={close} />;
    render(isOpen ? content : null, place);
    // What was pressed may be gone, but not the place where somebody was.
    if (!inside || held?.isConnected === true) return;
    const near = row?.isConnected === true ? row : place.querySelector<HTMLElement>('.panel');
    near?.focus();
  };
  const close = (): void => {
    isOpen = false;
    uploads.clearFinished();
    document.querySelector<HTMLElement>('#publish')?.focus();
  };
  return {
    update,
    open: () => {
      isOpen = true;
      update();
      place.querySelector<HTMLElement>('.primary')?.focus();
    },
  };
}
