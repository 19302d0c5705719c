import type { ReleaseRecord } from '../release-record.js';
import { tagOfFolder } from '../release-tag.js';

/** What is known of the folder of a release. */
export interface Folder {
  readonly tag: string;
  /** Tells the directory from another that takes its path. */
  id: string;
  mtimeNs: bigint;
  /** Whether its mtime was too old at the last look to hide a later change. */
  isSettled: boolean;
  /** Names that packages in it have or had. */
  readonly names: Set<string>;
  /** The fingerprint of the file of the record as it was read; undefined where there is none. */
  recordFingerprint: string | undefined;
  /** Whether its packages are hidden: its record says so, or cannot be read. */
  isHidden: boolean;
}

/** The folders of releases, and their records. */
export class Folders {
  private readonly known = new Map<string, Folder>();
  private readonly byTag = new Map<string, ReleaseRecord>();
  private copy: ReadonlyMap<string, ReleaseRecord> | undefined;

  /** By tag; the same map until something changes. */
  get records(): ReadonlyMap<string, ReleaseRecord> {
    return (this.copy ??= new Map(this.byTag));
  }

  get isEmpty(): boolean {
    return this.known.size === 0;
  }

  all(): IterableIterator<[string, Folder]> {
    return this.known.entries();
  }

  get(folder: string): Folder | undefined {
    return this.known.get(folder);
  }

  /** Whether a package of that name is hidden. */
  hides(name: string): boolean {
    const slash = name.indexOf('/');
    return slash >= 0 && this.known.get(name.slice(0, slash))?.isHidden === true;
  }

  /** The folder, which is entered where it is not known. */
  enter(folder: string): Folder {
    const known = this.known.get(folder);
    if (known !== undefined) return known;
    const entered: Folder = {
      tag: tagOfFolder(folder) ?? folder,
      id: '',
      mtimeNs: 0n,
      isSettled: false,
      names: new Set(),
      recordFingerprint: undefined,
      isHidden: false,
    };
    this.known.set(folder, entered);
    return entered;
  }

  /** Notes that there may be a package of that name. */
  note(name: string): void {
    const slash = name.indexOf('/');
    if (slash >= 0) this.enter(name.slice(0, slash)).names.add(name);
  }

  setRecord(folder: Folder, record: ReleaseRecord | undefined): void {
    if (this.byTag.get(folder.tag) === record) return;
    if (record === undefined) this.byTag.delete(folder.tag);
    else this.byTag.set(folder.tag, record);
    this.copy = undefined;
  }

  delete(folder: string): void {
    const known = this.known.get(folder);
    if (known === undefined) return;
    this.setRecord(known, undefined);
    this.known.delete(folder);
  }
}

/** The folder in the name of a package; undefined for a flat one. */
export function folderIn(name: string): string | undefined {
  const slash = name.indexOf('/');
  return slash < 0 ? undefined : name.slice(0, slash);
}
