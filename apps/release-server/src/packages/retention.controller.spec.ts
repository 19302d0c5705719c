import type { Permissions } from '#auth';
import type { RetentionService } from '#retention';
import type { PackageReader } from '#storage';

import type { RequestContext } from '../server/request-context.js';
import { RetentionController } from './retention.controller.js';

const PACKAGES = Array.from({ length: 1000 }, (_, at) => ({ name: `a-${at}`, size: 1, createdAt: at }));

describe('RetentionController', () => {
  // Mutant: what is told of is counted, so that a grant for few packages gives no turn, or one for each of the others.
  it.each([
    ['one package', ['a-0']],
    ['none', ['b']],
  ])('gives other work its turn now and then, for a grant for %s', async (_, packages) => {
    const principal = { name: 'ci', grant: { scopes: ['admin'], packages } };
    const controller = new RetentionController(
      {
        snapshot: async () => ({ packages: [], drafts: [], releases: new Map() }),
      } as unknown as PackageReader,
      {
        plan: () => PACKAGES.map((stored) => ({ package: stored, leaves: false, reason: 'x' })),
      } as unknown as RetentionService,
      { require: async () => principal } as unknown as Permissions,
    );
    let [turns, isOver] = [0, false];
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);

    const response = { setHeader: () => undefined };
    await controller.plan(response as never, { principal } as unknown as RequestContext);
    isOver = true;

    expect(turns).toBeGreaterThanOrEqual(3);
    expect(turns).toBeLessThan(20);
  });
});
