/** So many at once are more likely a slip than a release. */
export const MAX_FILES = 500;
/** How many files and folders are looked at, such as for a link that leads back to where it lies. */
const MAX_ENTRIES = 10_000;

/** A file, and where in what was dropped it lies. */
export interface FoundFile {
  readonly file: File;
  /** Such as `dist/linux/a.zip`. */
  readonly path: string;
}

/** The files in what was dropped, at all levels. */
export interface Collected {
  readonly files: readonly FoundFile[];
  /** Paths of what nobody wants to publish: hidden files, and folders with all that is in them. */
  readonly hidden: readonly string[];
  /** Paths of what the browser could not read. */
  readonly unreadable: readonly string[];
  /** Whether there are more files than may be taken at once; `files` has some of them. */
  readonly tooMany: boolean;
}

/** Collects the files, those of folders as well. A hidden file is taken where it was dropped itself. */
export async function collectFiles(roots: readonly (File | FileSystemEntry)[]): Promise<Collected> {
  const files: FoundFile[] = [];
  const hidden: string[] = [];
  const unreadable: string[] = [];
  const folders: FileSystemEntry[] = [];
  for (const root of roots) {
    if (root instanceof File) files.push({ file: root, path: root.name });
    else folders.push(root);
  }
  let entries = 0;
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    try {
      for await (const entry of entriesIn(folder as FileSystemDirectoryEntry)) {
        const path = entry.fullPath.replace(/^\//, '');
        entries += 1;
        if (files.length > MAX_FILES || entries > MAX_ENTRIES) {
          return { files, hidden, unreadable, tooMany: true };
        }
        if (entry.name.startsWith('.')) hidden.push(path);
        else if (entry.isDirectory) folders.push(entry);
        else
          await fileOf(entry as FileSystemFileEntry).then(
            (file) => files.push({ file, path }),
            () => unreadable.push(path),
          );
      }
    } catch {
      unreadable.push(folder.fullPath.replace(/^\//, ''));
    }
  }
  return { files, hidden, unreadable, tooMany: files.length > MAX_FILES };
}

/** A reader gives some at a time, and none at the end. */
async function* entriesIn(folder: FileSystemDirectoryEntry): AsyncGenerator<FileSystemEntry> {
  const reader = folder.createReader();
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) return;
    yield* batch;
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
