import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { get, names, put } from '../support/client.js';
import type { ServerProcess } from '../support/process.js';
import { readAnswer } from '../support/raw.js';
import { AUTH } from '../support/server.js';
import { until } from '../support/until.js';
import { Client, expectAsAcknowledged, Ledger } from './support/load.js';
import { row } from './support/row.js';
import { attach, ONE_THREAD, orderOf } from './support/strace.js';
import { strace } from './support/tools.js';
import { beginUpload, staged } from './support/upload.js';

row(
  'K4',
  'EIO on fsync of a file, on fsync of the directory and on link, EPERM on link',
  { rounds: { usual: 1, long: 20, of: 'rounds' }, needs: [strace] },
  async ({ server, directory, rounds }) => {
    for (let round = 0; round < rounds; round++) {
      const own = join(directory, `${round}`);
      const ledger = new Ledger();
      const start = () => server({ ...ONE_THREAD, MAX_PACKAGES: '2' }, { directory: own });
      const first = await start();
      const client = new Client(first, ledger);
      await client.create('a.bin');
      // One that loses against another after its body was taken costs no old package.
      const loser = beginUpload(first, 'b.bin');
      await until(async () => (await staged(own)).length === 1);
      await client.create('b.bin');
      loser.write('whole');
      expect((await readAnswer(loser, 1000)).status).toBe(409);
      expect(await names(first)).toEqual(['b.bin', 'a.bin']);

      // A file that is not durable does not appear, and is not tried to be made durable again.
      expect(await createUnder(first, 'inject=fsync:error=EIO:when=1')).toBe('500 storage_failed');
      expect(await names(first)).toEqual(['b.bin', 'a.bin']);
      // Nor does one that fails when the oldest was withdrawn already.
      expect(await createUnder(first, 'inject=link,linkat:error=EIO')).toBe('500 storage_failed');
      expect(await names(first)).toEqual(['b.bin', 'a.bin']);
      await expectAsAcknowledged(ledger, own, { server: first, limit: 2 });
      expect((await get(first, '/readyz')).status).toBe(200);

      // A directory that is not durable leaves open what is in it: no more writes, until somebody looks.
      expect(await createUnder(first, 'inject=fsync:error=EIO:when=2')).toBe('500 storage_failed');
      await until(async () => (await get(first, '/readyz')).status === 503);
      expect(await answerTo(put(first, 'late.bin', 'x'))).toBe('500 storage_failed');
      expect((await fetch(`${first.url}/assets/b.bin`, { method: 'DELETE', headers: AUTH })).status).toBe(
        500,
      );
      expect((await get(first, '/assets/b.bin')).status).toBe(200);
      await first.stop();
      expect((await readdir(own)).filter((name) => name === 'late.bin')).toEqual([]);

      const second = await start();
      expect((await get(second, '/readyz')).status).toBe(200);
      expect(await names(second)).toEqual(['new.bin', 'b.bin']);
      await new Client(second, new Ledger()).remove('new.bin');

      // Without hard links a check and a rename have to do.
      expect(await createUnder(second, 'inject=link,linkat:error=EPERM')).toBe('201');
      expect(await answerTo(put(second, 'new.bin', 'y'))).toBe('409 package_exists');
      expect(await (await get(second, '/assets/new.bin')).text()).toBe('new');
      await second.stop();
      // Lines are written in batches.
      expect(second.lines().filter((line) => line.includes('has no hard links'))).toHaveLength(1);
    }
  },
);

/** What the answer to a publish of `new.bin` is while calls fail. */
async function createUnder(server: ServerProcess, inject: string): Promise<string> {
  const trace = await attach(server, ['trace=fsync,link,linkat', inject]);
  const answer = await answerTo(put(server, 'new.bin', 'new'));
  await trace.detach();
  return answer;
}

async function answerTo(request: Promise<Response>): Promise<string> {
  const response = await request;
  const { code = '' } = (await response.json()) as { code?: string };
  return `${response.status} ${code}`.trimEnd();
}

const SHOWN =
  'trace=fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat,write,writev,sendto,sendmsg';

row(
  'K5',
  'order of the system calls of publish, overwrite, delete and an evicting publish',
  { rounds: { usual: 1, long: 50, of: 'rounds' }, needs: [strace] },
  async ({ server, directory, rounds }) => {
    const own = join(directory, 'packages');
    const victim = await server({ MAX_PACKAGES: '2' }, { directory: own });
    const client = new Client(victim, new Ledger());
    const output = join(directory, 'calls');
    const patterns = {
      'fsync(file)': /^fsync\(.*\/incoming\//,
      withdraw: /^rename\w*\(.*\/trash\//,
      link: /^link\w*\(.*\/incoming\/.*"[^"]*\/packages\/\w+\.bin"/,
      rename: /^rename\w*\(.*\/incoming\/.*"[^"]*\/packages\/\w+\.bin"/,
      unlink: /^unlink\w*\(.*"[^"]*\/packages\/\w+\.bin"/,
      'fsync(directory)': /^fsync\(\d+<[^>]*\/packages>/,
      drop: /^unlink\w*\(.*\/trash\//,
      response: /^(write|writev|sendto|sendmsg)\(.*HTTP\/1\.1 20[014] /,
    };
    const orderIn = async (operate: () => Promise<boolean>): Promise<string> => {
      const trace = await attach(victim, [SHOWN], output);
      expect(await operate()).toBe(true);
      await trace.detach();
      return orderOf(output, patterns);
    };
    for (let round = 0; round < rounds; round++) {
      const [old, name, more] = [`a${round}`, `b${round}`, `c${round}`].map((one) => `${one}.bin`) as [
        string,
        string,
        string,
      ];
      await client.create(old);
      expect(await orderIn(() => client.create(name))).toBe(
        'fsync(file) < link < fsync(directory) < response',
      );
      expect(await orderIn(() => client.overwrite(name))).toBe(
        'fsync(file) < rename < fsync(directory) < response',
      );
      expect(await orderIn(() => client.create(more))).toBe(
        'fsync(file) < withdraw < link < fsync(directory) < drop < response',
      );
      expect(await orderIn(() => client.remove(more))).toBe('unlink < fsync(directory) < response');
      await client.remove(name);
    }
    expect(client.failures).toEqual([]);
  },
);
