import type { ReleaseData } from '../../src/web/releases/release-data.js';
import { doInDialog } from '../publishing/dialog.js';
import { ProblemWords } from '../publishing/problem-words.js';
import type { ReleaseFields } from '../publishing/server.js';

const NONE: ReleaseData = { tag: '', title: '', notes: '', draft: true, prerelease: false, latest: 'legacy' };

/**
 * Has somebody say what a release is, and keeps what they typed until it is saved. False where they did not.
 *
 * @param before - Undefined for a new one.
 * @param save - Gets what is said anew.
 */
export function editRelease(
  before: ReleaseData | undefined,
  save: (fields: ReleaseFields) => Promise<void>,
): Promise<boolean> {
  const known = before ?? NONE;
  return doInDialog<ReleaseFields>('release-heading', save, ({ problem, isBusy, start, close }) => (
    <form
      method="dialog"
      class="release-form"
      onSubmit={(event) => {
        event.preventDefault();
        start(changedFields(event.currentTarget, known));
      }}
    >
      <h2 id="release-heading">
        {before === undefined ? (
          'Draft a release'
        ) : (
          <>
            Edit <bdi>{before.tag}</bdi>
          </>
        )}
      </h2>
      {problem !== undefined && (
        <div role="alert">
          <ProblemWords problem={problem} />
        </div>
      )}
      {known.draft && (
        <>
          <label for="release-tag">Tag</label>
          <input
            id="release-tag"
            name="tag"
            type="text"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            required
            placeholder="v1.2.3"
            defaultValue={known.tag}
          />
        </>
      )}
      <label for="release-title">Title</label>
      <input
        id="release-title"
        name="title"
        type="text"
        autocomplete="off"
        dir="auto"
        aria-describedby="title-note"
        defaultValue={known.title}
      />
      <p id="title-note" class="quiet">
        The tag, where there is none.
      </p>
      <label for="release-notes">Notes</label>
      <textarea
        id="release-notes"
        name="notes"
        rows={10}
        dir="auto"
        aria-describedby="notes-note"
        defaultValue={known.notes}
      />
      <p id="notes-note" class="quiet">
        Markdown; HTML in it is shown as text.
      </p>
      <label class="check">
        <input name="prerelease" type="checkbox" defaultChecked={known.prerelease} />
        <span>This is a pre-release</span>
      </label>
      <label for="release-latest">Latest release</label>
      <select id="release-latest" name="latest">
        {LATEST.map(([value, words]) => (
          <option key={value} value={value} selected={value === known.latest}>
            {words}
          </option>
        ))}
      </select>
      <div class="choices">
        <button type="button" onClick={close} disabled={isBusy}>
          Cancel
        </button>
        <button type="submit" class="primary" aria-disabled={isBusy}>
          {isBusy ? 'Saving…' : before === undefined ? 'Save draft' : 'Save'}
        </button>
      </div>
    </form>
  ));
}

const LATEST = [
  ['legacy', 'As its version says'],
  ['true', 'This one, from now on'],
  ['false', 'Never this one'],
] as const;

/** What the form says otherwise than it was before. */
function changedFields({ elements }: HTMLFormElement, before: ReleaseData): ReleaseFields {
  const tag = elements.namedItem('tag') as HTMLInputElement | null;
  const title = (elements.namedItem('title') as HTMLInputElement).value.trim();
  const notes = (elements.namedItem('notes') as HTMLTextAreaElement).value;
  const { checked: prerelease } = elements.namedItem('prerelease') as HTMLInputElement;
  const latest = (elements.namedItem('latest') as HTMLSelectElement).value as ReleaseData['latest'];
  return {
    ...(tag !== null && tag.value.trim() !== before.tag && { tag: tag.value.trim() }),
    ...(title !== before.title && { title }),
    // As the form has them, whatever ended their lines.
    ...(notes !== before.notes.replace(/\r\n?/g, '\n') && { notes }),
    ...(prerelease !== before.prerelease && { prerelease }),
    ...(latest !== before.latest && { make_latest: latest }),
  };
}
