import { MAX_FILES, type Collected, type FoundFile } from './folders.js';
import type { Problem } from './problem.js';

/** Names that several of the files have: of these none can be told from another once they are published. */
export function sharedNames(files: readonly FoundFile[]): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, string[]>();
  for (const { file, path } of files) paths.set(file.name, [...(paths.get(file.name) ?? []), path]);
  return new Map(
    [...paths].filter(([, same]) => same.length > 1).map(([name, same]) => [name, same.toSorted()]),
  );
}

/** What was left out and why, as sentences; none where nothing was. */
export function leftOut({ files, hidden, unreadable, tooMany }: Collected): string {
  if (tooMany) return `Nothing was taken: there are more than ${MAX_FILES} files. Drop fewer at once.`;
  const sentences = [
    hidden.length > 0 && `Hidden files were left out: ${firstOf(hidden)}.`,
    unreadable.length > 0 && `Your browser could not read ${firstOf(unreadable)}.`,
    files.length === 0 && 'There are no files to publish in what was dropped.',
  ];
  return sentences.filter(Boolean).join(' ');
}

/** What is said of a file whose name others have as well. */
export function sameName(paths: readonly string[]): Problem {
  return {
    title: 'Several files have this name',
    detail: `A package has the name of its file, without folders. Drop one of ${firstOf(paths)}, or rename the others.`,
  };
}

/** The first few of them. */
function firstOf(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).join(', ');
  return paths.length > 3 ? `${shown} and ${paths.length - 3} more` : shown;
}
