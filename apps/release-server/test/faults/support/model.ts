interface Stored {
  readonly content: Buffer;
  /** Greater for what is newer. */
  readonly at: number;
}

/** What is known of a release beside its packages. */
interface Release {
  readonly isDraft: boolean;
}

/** The name that a package in the folder of a release has here: that of its file below the directory. */
export function nameIn(tag: string, file: string): string {
  return `${encodeURIComponent(tag)}/${file}`;
}

function tagOf(name: string): string | undefined {
  return name.includes('/') ? decodeURIComponent(name.replace(/\/.*/, '')) : undefined;
}

/** What a server has to hold: all that retention, conditions and drafts come to. */
export class Model {
  private readonly packages = new Map<string, Stored>();
  private readonly releases = new Map<string, Release>();
  private latest = 0;
  private earliest = 0;

  constructor(private readonly limit: number) {}

  /** A package, be it that of a draft. */
  get(name: string): Buffer | undefined {
    return this.packages.get(name)?.content;
  }

  /** Undefined where there is no release of that tag. */
  release(tag: string): Release | undefined {
    return this.releases.get(tag);
  }

  isHidden(name: string): boolean {
    return this.releases.get(tagOf(name) ?? '')?.isDraft === true;
  }

  /** What is public. */
  newestFirst(): [string, Buffer][] {
    return this.all().filter(([name]) => !this.isHidden(name));
  }

  /** The same with what is hidden. */
  all(): [string, Buffer][] {
    const inOrder = [...this.packages].toSorted(([, one], [, other]) => other.at - one.at);
    return inOrder.map(([name, { content }]) => [name, content]);
  }

  publish(name: string, content: Buffer): void {
    const tag = tagOf(name);
    if (tag !== undefined && !this.releases.has(tag)) {
      this.releases.set(tag, { isDraft: false });
    }
    if (!this.packages.has(name) && !this.isHidden(name)) this.keepNewest(this.limit - 1, name);
    this.makeNewest(name, content);
  }

  makeNewest(name: string, content: Buffer): void {
    this.packages.set(name, { content, at: ++this.latest });
  }

  makeOldest(name: string, content: Buffer): void {
    this.packages.set(name, { content, at: --this.earliest });
  }

  remove(name: string): void {
    this.packages.delete(name);
  }

  /** As a start does, or what something new needs, which stays. */
  keepNewest(limit = this.limit, ...staying: string[]): void {
    const old = this.newestFirst().filter(([name]) => !staying.includes(name));
    const comes = new Set(staying.map(tagOf));
    for (const [name] of old.slice(Math.max(0, limit))) {
      this.packages.delete(name);
      // With its last package leaves what is said of a release.
      const tag = tagOf(name);
      if (tag !== undefined && this.namesIn(tag).length === 0 && !comes.has(tag)) this.releases.delete(tag);
    }
  }

  /** Makes a draft of a release, one that is new too, or publishes it. */
  setDraft(tag: string, isDraft: boolean): void {
    const coming = isDraft ? [] : this.namesIn(tag).filter((name) => this.isHidden(name));
    if (coming.length > 0) this.keepNewest(this.limit - coming.length, ...coming);
    this.releases.set(tag, { isDraft });
  }

  move(tag: string, to: string): void {
    const release = this.releases.get(tag);
    if (release === undefined || tag === to) return;
    for (const name of this.namesIn(tag)) {
      const stored = this.packages.get(name);
      if (stored !== undefined) this.packages.set(nameIn(to, name.replace(/.*\//, '')), stored);
      this.packages.delete(name);
    }
    this.releases.delete(tag);
    this.releases.set(to, release);
  }

  removeRelease(tag: string): void {
    for (const name of this.namesIn(tag)) this.packages.delete(name);
    this.releases.delete(tag);
  }

  private namesIn(tag: string): string[] {
    return [...this.packages.keys()].filter((name) => tagOf(name) === tag);
  }
}
