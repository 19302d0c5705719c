import { shortSize } from '../../src/web/packages/words.js';
import { counts } from './telling.js';
import { isActive, isFinished, mayGoOn, type Upload, type Uploads } from './uploads.js';
import { UploadRow } from './upload-row.js';

/** What a panel says beyond its uploads. */
export interface PanelWords {
  readonly heading: string;
  /** What comes of it, as sentences. */
  readonly note: string;
}

interface PanelProps {
  readonly uploads: Uploads;
  readonly maxSize: number;
  readonly words?: PanelWords | undefined;
  /** Gets the files that somebody chooses. */
  readonly take: (files: readonly File[]) => void;
  readonly close: () => void;
}

/** Where files are published: what can be done, and every upload. */
export function UploadPanel({ uploads, maxSize, words, take, close }: PanelProps) {
  const { all } = uploads;
  const waiting = all.filter(({ phase }) => phase.is === 'conflict');
  const active = all.filter(isActive);
  const stopped = all.filter(mayGoOn);
  let input: HTMLInputElement | null = null;
  return (
    <section class="panel" aria-labelledby="panel-heading" tabindex={-1}>
      <header>
        <h2 id="panel-heading">{words?.heading ?? 'Publish files'}</h2>
        <p class="quiet">
          Choose files, or drop files and folders anywhere on this page. Each file at most{' '}
          {shortSize(maxSize)}. {words?.note}
        </p>
      </header>
      <div class="choices">
        <input
          type="file"
          multiple
          hidden
          ref={(element) => {
            input = element;
          }}
          onChange={({ currentTarget }) => {
            take([...(currentTarget.files ?? [])]);
            // So that the same files can be chosen again.
            currentTarget.value = '';
          }}
        />
        <Choice primary label="Choose files" act={() => input?.click()} />
        {waiting.length > 1 && (
          <>
            <Choice
              key="overwrite"
              label="Overwrite all"
              act={each(waiting, (one) => uploads.overwrite(one))}
            />
            <Choice key="skip" label="Skip all" act={each(waiting, (one) => uploads.skip(one))} />
          </>
        )}
        {active.length > 1 && (
          <Choice key="cancel" label="Cancel all" act={each(active, (one) => uploads.cancel(one))} />
        )}
        {stopped.length > 1 && (
          <Choice key="again" label="Try all again" act={each(stopped, (one) => uploads.again(one))} />
        )}
        {all.some(isFinished) && (
          <Choice key="clear" label="Clear finished" act={() => uploads.clearFinished()} />
        )}
        {active.length + waiting.length === 0 && <Choice key="close" label="Close" act={close} />}
      </div>
      {uploads.notice !== '' && <p role="alert">{uploads.notice}</p>}
      {all.length > 1 && <p class="quiet">{counts(all)}</p>}
      {all.length > 0 && (
        <ul class="uploads" aria-label="Uploads">
          {all.map((upload) => (
            <UploadRow key={upload.id} upload={upload} uploads={uploads} />
          ))}
        </ul>
      )}
    </section>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly act: () => void;
  readonly primary?: boolean;
}

function Choice({ label, act, primary = false }: ChoiceProps) {
  return (
    <button type="button" class={primary ? 'primary' : undefined} onClick={act}>
      {label}
    </button>
  );
}

function each(uploads: readonly Upload[], act: (upload: Upload) => void): () => void {
  return () => uploads.forEach(act);
}
