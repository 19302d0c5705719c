import { counted } from '../../src/web/packages/words.js';
import type { ReleaseData } from '../../src/web/releases/release-data.js';
import { announce } from '../dom.js';
import { confirm } from '../publishing/confirm.js';
import { deleteRelease, releaseAddress, releasesAddress, saveRelease } from '../publishing/server.js';
import type { Token } from '../publishing/token.js';
import type { ManagedPages } from './pages.js';
import { editRelease } from './release-form.js';

/** What the buttons of the pages do, by their `data-act`. */
export interface Actions {
  /** Where a draft was made, its page is there when this ends. */
  readonly draft: () => Promise<boolean>;
  readonly edit: (release: ReleaseData) => Promise<void>;
  readonly publish: (release: ReleaseData) => Promise<void>;
  readonly delete: (release: ReleaseData) => Promise<void>;
}

export function actionsOn(pages: ManagedPages, token: Token): Actions {
  return {
    draft: async () => {
      let tag = '';
      const made = await editRelease(undefined, async (fields) => {
        tag = await token.use((secret) => saveRelease(undefined, { ...fields, draft: true }, secret));
      });
      if (made) await pages.show(releaseAddress(tag), true);
      return made;
    },

    edit: async (release) => {
      let { tag } = release;
      const saved = await editRelease(release, async (fields) => {
        tag = await token.use((secret) => saveRelease(release.tag, fields, secret));
      });
      if (!saved) return;
      if (tag === release.tag) await pages.refresh();
      else await pages.show(releaseAddress(tag), true);
      announce(`Saved ${tag}`);
    },

    publish: async (release) => {
      const { tag } = release;
      const count = packageCount();
      const words =
        count === 0
          ? 'It has no packages yet: only its notes become public.'
          : `${counted(count, 'package')} and the notes become public at once.`;
      const published = await confirm({ heading: asked('Publish', release), words, label: 'Publish' }, () =>
        token.use(async (secret) => void (await saveRelease(tag, { draft: false }, secret))),
      );
      if (!published) return;
      await pages.show(releaseAddress(tag), false);
      announce(`Published ${tag}`);
    },

    delete: async (release) => {
      const { tag, draft } = release;
      const count = packageCount();
      const what =
        count === 0 ? 'It has no packages.' : `${counted(count, 'package goes', 'packages go')} with it.`;
      const words = draft ? what : `${what} Nobody can fetch them any more.`;
      const deleted = await confirm(
        {
          heading: asked('Delete', release),
          words: `${words} This cannot be undone.`,
          label: 'Delete',
          isDanger: true,
        },
        () => token.use((secret) => deleteRelease(tag, secret)),
      );
      if (!deleted) return;
      await pages.show(releasesAddress(), true);
      announce(`Deleted ${tag}`);
    },
  };
}

function asked(what: string, { tag, draft }: ReleaseData) {
  return (
    <>
      {what} {draft ? 'the draft' : 'the release'} <bdi>{tag}</bdi>?
    </>
  );
}

function packageCount(): number {
  return document.querySelectorAll('#results tbody tr').length;
}
