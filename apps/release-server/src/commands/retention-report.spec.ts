import type { PlannedPackage } from '#retention';

import { retentionReport } from './retention-report.js';

function planned(name: string, fields: Partial<PlannedPackage>): PlannedPackage {
  return {
    package: { name, size: 1000, createdAt: 0, sha256: undefined, revision: name },
    release: undefined,
    leaves: false,
    reason: 'within the limits',
    leavesAt: undefined,
    ...fields,
  };
}

describe('the report of retention', () => {
  it('is a table of what leaves and stays, and why', () => {
    const plan = [
      planned('v1/tool', { release: 'v1', leaves: true, leavesAt: 5, reason: 'older than max_age (1d)' }),
      planned('longer-name.zip', { release: 'v1\u001b[2J', leavesAt: 86_400_000 }),
    ];
    expect([...retentionReport(plan)]).toEqual([
      '        package          release  bytes  published             leaves at             why',
      'leaves  tool             v1        1000  1970-01-01T00:00:00Z                        older than max_age (1d)',
      'stays   longer-name.zip  v1?[2J    1000  1970-01-01T00:00:00Z  1970-01-02T00:00:00Z  within the limits',
      '1 package would leave, with 1000 bytes; 1 would stay. Nothing was changed.',
    ]);
  });

  it('says of nothing only that', () => {
    expect([...retentionReport([])]).toEqual([
      '0 packages would leave, with 0 bytes; 0 would stay. Nothing was changed.',
    ]);
  });
});
