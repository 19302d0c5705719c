import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { LogDestination } from './log-destination.js';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
/** Lines of which a pipe takes a part and the destination has no room for the rest. */
const FLOOD = 20_000;

describe('LogDestination', () => {
  let directory: string;
  const open: number[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'log-'));
  });

  afterEach(async () => {
    for (const fd of open.splice(0)) closeSync(fd);
    await rm(directory, { recursive: true });
  });

  function openAs(path: string, flags: number | string): number {
    const fd = openSync(path, flags);
    open.push(fd);
    return fd;
  }

  function pipe(): { readonly reader: number; readonly destination: LogDestination } {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = openAs(path, O_RDONLY | O_NONBLOCK);
    return { reader, destination: new LogDestination(openAs(path, O_WRONLY | O_NONBLOCK)) };
  }

  /** Reads until a line comes that begins so. */
  async function read(reader: number, last: string): Promise<string[]> {
    const buffer = Buffer.alloc(65_536);
    let text = '';
    for (let attempts = 0; attempts < 500;) {
      try {
        text += buffer.toString('utf8', 0, readSync(reader, buffer));
      } catch {
        attempts += 1;
        await delay(5);
      }
      const lines = text.split('\n').slice(0, -1);
      if (lines.at(-1)?.startsWith(last) === true) return lines;
    }
    throw new Error(`${last} did not come: ${text.slice(-200)}`);
  }

  const lineOf = (index: number): string => `line ${index} `.padEnd(200, '.');

  it('writes lines in order, soon and without being asked', async () => {
    const { reader, destination } = pipe();
    for (const line of ['a', 'b', 'c']) destination.write(`${line}\n`);

    expect(await read(reader, 'c')).toEqual(['a', 'b', 'c']);
  });

  it('keeps what a full pipe does not take up to a bound, and tells what it dropped where that is missing', async () => {
    const { reader, destination } = pipe();
    let told = 0;
    destination.onDropped = (lines) => {
      told += lines;
      destination.write(`dropped ${lines}\n`);
    };
    for (let index = 0; index < FLOOD; index++) destination.write(`${lineOf(index)}\n`);

    const lines = await read(reader, 'dropped ');
    expect(told).toBeGreaterThan(0);
    expect(lines.length).toBe(FLOOD - told + 1);
    expect(lines.slice(0, -1)).toEqual(Array.from({ length: FLOOD - told }, (_, index) => lineOf(index)));

    destination.write('after\n');
    expect(await read(reader, 'after')).toEqual(['after']);
  });

  it('drops a line that is larger than everything it keeps', async () => {
    const { reader, destination } = pipe();
    destination.onDropped = (lines) => destination.write(`dropped ${lines}\n`);
    destination.write(`${'x'.repeat(3 * 1024 * 1024)}\n`);
    destination.write('lost with it\n');
    destination.flushSync();

    expect(await read(reader, 'dropped ')).toEqual(['dropped 2']);
  });

  it('writes to a file in order, however much comes at once', async () => {
    const path = join(directory, 'file');
    const destination = new LogDestination(openAs(path, 'a'));
    const expected = Array.from({ length: FLOOD / 10 }, (_, index) => lineOf(index));
    for (const [index, line] of expected.entries()) {
      destination.write(`${line}\n`);
      if (index % 100 === 0) await delay(1);
    }
    for (let attempts = 0; attempts < 500 && !readFileSync(path, 'utf8').includes(lineOf(FLOOD / 10 - 1));) {
      attempts += 1;
      await delay(5);
    }

    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toEqual(expected);
  });

  it('writes what waits before it returns from flushSync, and does not wait for a pipe that is full', async () => {
    const { reader, destination } = pipe();
    destination.write('a\n');
    destination.flushSync();
    expect(await read(reader, 'a')).toEqual(['a']);

    for (let index = 0; index < 1000; index++) destination.write(`${lineOf(index)}\n`);
    destination.flushSync();
    expect((await read(reader, lineOf(999))).length).toBe(1000);
  });
});
