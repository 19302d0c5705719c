import { render } from 'preact';

import { UploadPanel, type PanelWords } from './upload-panel.js';
import type { Uploads } from './uploads.js';

interface Panel {
  /** Shows it, with the focus on what comes next. */
  readonly open: () => void;
  /** Shows what has changed, if it is open. */
  readonly update: () => void;
}

interface PanelOptions {
  /** Of one file, in bytes. */
  readonly maxSize: number;
  readonly words?: PanelWords | undefined;
  /** Gets the files that somebody chooses. */
  readonly take: (files: readonly File[]) => void;
}

/** The panel of uploads, closed at first. */
export function showPanel(place: HTMLElement, uploads: Uploads, options: PanelOptions): Panel {
  let isOpen = false;

  const update = (): void => {
    const held = document.activeElement;
    const inside = place.contains(held);
    const row = held?.closest<HTMLElement>('.upload') ?? null;
    const content = <UploadPanel uploads={uploads} {...options} close={close} />;
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
