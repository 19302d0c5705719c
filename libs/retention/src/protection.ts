import { matchesGlob } from '#glob';
import { oncePer, type Release } from '#releases';
import { fileOf, type Package } from '#storage';

/** What stays because of its name or its tag. Each package and release is looked at once. */
export class Protection {
  private readonly ofName = oncePer((stored: Package) => this.patternOf(fileOf(stored)));
  private readonly ofTag = oncePer(({ hasTag, tag }: Release) => (hasTag ? this.patternOf(tag) : undefined));
  private readonly ofFiles = oncePer(({ assets }: Release) => {
    for (const stored of assets) {
      const pattern = this.ofName(stored);
      if (pattern !== undefined) return pattern;
    }
    return undefined;
  });

  /** @param patterns - As `RetentionRules.protect`. */
  constructor(private readonly patterns: readonly string[]) {}

  /** The pattern by which a package stays, if there is one. */
  ofPackage(stored: Package, release: Release): string | undefined {
    return this.ofTag(release) ?? this.ofName(stored);
  }

  /** The pattern by which a release stays whole: half of one is none. */
  ofRelease(release: Release): string | undefined {
    return this.ofTag(release) ?? this.ofFiles(release);
  }

  private patternOf(text: string): string | undefined {
    return this.patterns.find((pattern) => matchesGlob(pattern, text));
  }
}
