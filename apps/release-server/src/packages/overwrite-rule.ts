import { Injectable } from '@nestjs/common';

import {
  finderIn,
  isFileName,
  PackageStore,
  StorageError,
  type Evict,
  type Package,
  type PublishCondition,
} from '#storage';

import { Config } from '../config/config.js';
import { ProblemError } from '../problems/problem.js';
import { storedExtras } from '../problems/stored-extras.js';

/** What `allow_overwrite: false` makes of publishing: a name that is taken is taken for good, but for those in drafts. */
@Injectable()
export class OverwriteRule {
  constructor(
    private readonly store: PackageStore,
    private readonly config: Config,
  ) {}

  /** What is left of a condition: it can only create. Rejects with `overwrite_disabled`. */
  async permitted(name: string, condition: PublishCondition): Promise<PublishCondition> {
    if (this.config.allow_overwrite || condition === 'absent') return condition;
    const existing = await this.store.find(name);
    if (existing !== undefined) throw overwriteDisabled(existing);
    if (await this.isDraft(name)) return condition;
    // With nothing to replace, a condition that asks for something fails as it always does.
    if (condition !== 'any') await this.store.requireCondition(name, condition);
    return 'absent';
  }

  /** The same in the step of the publish itself, which a store asks of what becomes public: a draft may have been published by then. */
  within(condition: PublishCondition, evict: Evict): Evict {
    if (this.config.allow_overwrite || condition === 'absent') return evict;
    return (packages, context) => {
      const find = finderIn(packages, context);
      for (const { name } of context.incoming) {
        const existing = find(name);
        if (existing !== undefined) throw overwriteDisabled(existing);
      }
      return evict(packages, context);
    };
  }

  /** Whether a package of that name is stored in a draft, where nobody sees it. */
  async isDraft(name: string): Promise<boolean> {
    // Drafts have folders.
    if (isFileName(name) || (await this.store.find(name)) !== undefined) return false;
    return (await this.store.find(name, { drafts: true })) !== undefined;
  }

  /** A store's refusal, in the words of who may not overwrite. */
  refusal(error: unknown, condition: PublishCondition): unknown {
    if (this.config.allow_overwrite || !(error instanceof StorageError) || error.code !== 'package_exists') {
      return error;
    }
    const { existing } = error;
    if (existing === undefined) return error;
    if (condition !== 'absent') return overwriteDisabled(existing);
    return new StorageError('package_exists', takenForGood(existing), { existing });
  }
}

function overwriteDisabled(existing: Package): ProblemError {
  return new ProblemError('overwrite_disabled', takenForGood(existing), storedExtras(existing));
}

function takenForGood({ name }: Package): string {
  return `${name} is stored already, and this server keeps it as it is: allow_overwrite is false. Publish under another name.`;
}
