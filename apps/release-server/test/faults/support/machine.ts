import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { get, json, sha256 } from '../../support/client.js';
import { digestLines } from '../../support/digests.js';
import type { ServerProcess } from '../../support/process.js';
import { TOKEN } from '../../support/server.js';
import { until } from '../../support/until.js';
import type { Model } from './model.js';

/** A package as a list tells of it, in words. */
function inWords(name: string, size: number, digest: string | null): string {
  return `${name}: ${size} bytes, ${digest?.slice(0, 8)}`;
}

interface Listed {
  readonly name: string;
  readonly size: number;
  readonly created_at: string;
  readonly sha256: string | null;
  readonly url: string;
}

/** The name that a package has below the directory, by its address. */
function storedName({ name, url }: Pick<Listed, 'name' | 'url'>): string {
  return url.includes('/assets/') ? name : url.replace(/.*\/releases\/download\//, '');
}

/** A server that is killed and started again, and whose directory others write to. */
export class Machine {
  private past = 1_000_000_000_000;
  private current: ServerProcess | undefined;

  constructor(
    readonly directory: string,
    private readonly spawn: () => Promise<ServerProcess>,
  ) {}

  get server(): ServerProcess {
    if (this.current === undefined) throw new Error('the server is not started');
    return this.current;
  }

  async start(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    // A start may evict, after it has looked at what is written down: also what it has put back.
    const trash = join(this.directory, '.release-server', 'trash');
    const withdrawn = (await filesBelow(trash)).map((path) => path.replace(/^[^/~]*[/~]/, ''));
    const present = [...(await this.stored()), ...withdrawn];
    this.current = await this.spawn();
    const digests = (await digestLines(this.directory)).map((line) => (JSON.parse(line) as Listed).name);
    const gone = digests.filter((name) => !present.includes(name));
    expect(`in meta of what is gone: ${gone.join()}`).toBe('in meta of what is gone: ');
  }

  /** Puts a file in as docs/storage.md says: written under a hidden name, then renamed. */
  async putByHand(name: string, content: Buffer): Promise<void> {
    const hidden = join(this.directory, `.${name}`);
    await writeFile(hidden, content);
    const time = await this.laterThanAll();
    await this.setTime(hidden, time);
    await rename(hidden, join(this.directory, name));
    await this.seen(name, time);
  }

  async touch(name: string, when: 'past' | 'now' | 'future'): Promise<void> {
    const later = when === 'past' ? 0 : await this.laterThanAll();
    const time = { past: (this.past -= 60_000), now: later, future: later + 3_600_000 }[when];
    await this.setTime(join(this.directory, name), time);
    await this.seen(name, time);
  }

  /** Sends an upload or the first bytes of it, and kills the server; returns whether it was acknowledged. */
  async killDuringUpload(name: string, content: Buffer, bytes: number, after: number): Promise<boolean> {
    const socket = connect(this.server.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.write(
      `PUT /assets/${name}?overwrite=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: ${content.length}\r\n\r\n`,
    );
    socket.write(content.subarray(0, bytes));
    const isPart = bytes < content.length;
    if (isPart) await until(async () => (await this.files('incoming')).length > 0);
    await delay(after);
    await this.server.kill();
    socket.destroy();
    return /^HTTP\/1.1 20[01]/.test(answer);
  }

  async list(): Promise<string[]> {
    return (await this.listed()).map((one) => inWords(storedName(one), one.size, one.sha256));
  }

  async latest(): Promise<string[]> {
    type Asset = { name: string; size: number; digest: string | null; browser_download_url: string };
    const { assets } = await json<{ assets: Asset[] }>(await get(this.server, '/latest'));
    return assets.map(({ name, size, digest, browser_download_url: url }) =>
      inWords(storedName({ name, url }), size, digest?.replace('sha256:', '') ?? null),
    );
  }

  /** Waits until it lists what the model says, as after a change by hand. */
  async settle(model: Model): Promise<void> {
    const expected = listOf(model);
    await until(async () => (await this.list()).join() === expected.join()).catch(() => undefined);
    expect(await this.list()).toEqual(expected);
  }

  /** Holds everything against the model: answers, and what lies on disk. */
  async expectAll(model: Model): Promise<void> {
    await this.settle(model);
    for (const [name, content] of model.all()) {
      expect(sha256(await readFile(join(this.directory, name)))).toBe(sha256(content));
      const path = name.includes('/') ? `/releases/download/${name}` : `/assets/${name}`;
      const response = await get(this.server, path);
      const digest = sha256(new Uint8Array(await response.arrayBuffer()));
      const isHidden = model.isHidden(name);
      expect(`${name}: ${isHidden ? response.status : digest}`).toBe(
        `${name}: ${isHidden ? 404 : sha256(content)}`,
      );
    }
    const names = model.all().map(([name]) => name);
    expect((await this.stored()).toSorted()).toEqual(names.toSorted());
    await this.expectOnly('incoming', []);
    await this.expectOnly('trash', []);
  }

  private async listed(): Promise<Listed[]> {
    return json<Listed[]>(await get(this.server, '/packages?format=json'));
  }

  /** Waits until the server has noticed what was done by hand, and knows the digest. */
  private async seen(name: string, time: number): Promise<void> {
    const isSeen = (one: Listed): boolean =>
      storedName(one) === name && Date.parse(one.created_at) === time && one.sha256 !== null;
    await until(async () => (await this.listed()).some(isSeen)).catch(() => {
      throw new Error(`${name} was changed by hand, and that is not seen`);
    });
  }

  private async expectOnly(place: string, possible: readonly string[]): Promise<void> {
    const strange = async (): Promise<string[]> =>
      (await this.files(place)).filter((name) => !possible.includes(name));
    await until(async () => (await strange()).length === 0).catch(() => undefined);
    expect(`in ${place}: ${(await strange()).join()}`).toBe(`in ${place}: `);
  }

  private files(place: string): Promise<string[]> {
    return readdir(join(this.directory, '.release-server', place));
  }

  /** All packages below the directory. */
  private async stored(): Promise<string[]> {
    const isHidden = (path: string): boolean => path.split('/').some((part) => part.startsWith('.'));
    return (await filesBelow(this.directory)).filter((path) => !isHidden(path));
  }

  private async laterThanAll(): Promise<number> {
    const times = (await this.stored()).map(async (name) => (await stat(join(this.directory, name))).mtimeMs);
    return Math.max(Date.now(), ...(await Promise.all(times)).map((time) => Math.floor(time) + 2));
  }

  private async setTime(path: string, milliseconds: number): Promise<void> {
    // Half a millisecond more, for the way through floating-point seconds cuts off.
    await utimes(path, (milliseconds + 0.5) / 1000, (milliseconds + 0.5) / 1000);
  }
}

/** What a server lists that holds what the model says. */
export function listOf(model: Model): string[] {
  return model.newestFirst().map(([name, content]) => inWords(name, content.length, sha256(content)));
}

async function filesBelow(directory: string): Promise<string[]> {
  if (!existsSync(directory)) return [];
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries.flatMap((entry) =>
    entry.isFile() ? relative(directory, join(entry.parentPath, entry.name)) : [],
  );
}
