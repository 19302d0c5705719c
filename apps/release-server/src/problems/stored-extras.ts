import type { Package } from '#storage';

import { entityTag } from '../http/conditional.js';
import { digestOf } from '../http/digest.js';
import type { ProblemExtras } from './problem.js';

/** What an error says of the package that is stored, so that a client can compare it with its own. */
export function storedExtras(existing: Package): ProblemExtras {
  return {
    members: { digest: digestOf(existing), size: existing.size },
    headers: { ETag: entityTag(existing) },
  };
}
