import { get, names, put } from '../support/client.js';
import type { ServerProcess } from '../support/process.js';
import { until } from '../support/until.js';
import { row } from './support/row.js';

row(
  'C1',
  '64 creates of one name from 4 processes on one directory',
  { rounds: { usual: 20, long: 1000, of: 'rounds' } },
  async ({ server, rounds }) => {
    const servers = await Promise.all(Array.from({ length: 4 }, () => server({ MAX_PACKAGES: 'null' })));
    const at = (index: number): ServerProcess => servers[index % servers.length] as ServerProcess;
    for (let round = 0; round < rounds; round++) {
      const name = `r-${round}.bin`;
      const bodies = Array.from({ length: 64 }, (_, index) => `${round} of ${index}`.padEnd(1000 + index));
      const statuses = await Promise.all(
        bodies.map(async (body, index) => (await put(at(index), name, body)).status),
      );
      const winners = statuses.flatMap((status, index) => (status === 201 ? [index] : []));
      expect(`${winners.length} created, ${statuses.filter((one) => one === 409).length} refused`).toBe(
        '1 created, 63 refused',
      );
      // A process learns within a second of what another has published.
      for (const one of servers) {
        await until(async () => (await get(one, `/assets/${name}`)).status === 200);
        expect(await (await get(one, `/assets/${name}`)).text()).toBe(bodies[winners[0] ?? -1]);
      }
    }
    expect((await names(at(0))).length).toBe(rounds);
  },
);
