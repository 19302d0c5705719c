import { randomInt } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { ServerProcess } from '../../support/process.js';
import type { Exchange } from '../../support/store-proxy.js';
import { wayOf } from './behind-proxy.js';
import { parseVersion, type Span, type Version } from './index-history.js';
import type { Row } from './row.js';
import type { Troubles } from './verdict.js';

const CLOCK = resolve('apps/release-server/test/faults/support/clock.mjs');

/** How replicas are started. */
export interface ReplicaOptions {
  readonly count: number;
  /** Milliseconds between the clocks of one and the next. */
  readonly clocksApart: number;
  /** Of a hundred requests to the store, how many are lost, and of as many answers. */
  readonly lossPercent: number;
  readonly environment: Record<string, string>;
}

interface Replica {
  readonly number: number;
  readonly start: () => Promise<ServerProcess>;
  /** Undefined while it is down. */
  server: ServerProcess | undefined;
}

/**
 * Servers on one prefix of a store, each with a way of its own to the store, a spool and a clock, and everything that
 * happens between them and the index.
 */
export class Replicas implements Troubles {
  readonly down: (Span & { replica: number })[] = [];
  readonly lost: { replica: number; at: number }[] = [];
  /** Every version of the index that the store took. */
  readonly versions: Version[] = [];
  /** Blobs that the store deleted. */
  readonly deletions: (Span & { key: string })[] = [];
  /** Versions of the index that the store took and whose writers were not told. */
  untold = 0;
  private readonly all: Replica[] = [];
  private losing = true;

  private constructor(private readonly options: ReplicaOptions) {}

  static async start(row: Row, options: ReplicaOptions): Promise<Replicas> {
    const replicas = new Replicas(options);
    for (let number = 0; number < options.count; number++) await replicas.add(row, number);
    await Promise.all(replicas.all.map((one) => replicas.launch(one)));
    return replicas;
  }

  get servers(): ServerProcess[] {
    return this.all.flatMap(({ server }) => server ?? []);
  }

  /** Any that takes requests. */
  any(): { replica: number; url: string } | undefined {
    const up = this.all.filter(({ server }) => server !== undefined);
    const one = up[randomInt(Math.max(1, up.length))];
    return one?.server === undefined ? undefined : { replica: one.number, url: one.server.url };
  }

  /** Kills one every few seconds, and starts it again meanwhile. */
  async killOnAndOn(goesOn: () => boolean): Promise<void> {
    const restarts: Promise<void>[] = [];
    while (goesOn()) {
      await delay(randomInt(2000, 5000));
      const one = this.all[randomInt(this.all.length)];
      if (one?.server === undefined) continue;
      const restart = this.killAndStart(one, one.server);
      // What fails is met in the end.
      restart.catch(() => undefined);
      restarts.push(restart);
    }
    await Promise.all(restarts);
  }

  /** From now on the ways to the store are good. */
  stopLosing(): void {
    this.losing = false;
  }

  private async add(row: Row, number: number): Promise<void> {
    const own = join(row.directory, `${number}`);
    await mkdir(own);
    const clock = join(own, 'clock');
    await writeFile(clock, `${(number - 1) * this.options.clocksApart}`);
    const { proxy, environment: way } = await wayOf(row);
    const environment = {
      ...way,
      S3_SPOOL_PATH: join(own, '.release-server'),
      NODE_OPTIONS: `--import=${CLOCK}`,
      CLOCK: clock,
      ...this.options.environment,
    };
    const start = (): Promise<ServerProcess> => row.server(environment, { directory: own });
    const replica: Replica = { number, start, server: undefined };
    this.all.push(replica);
    proxy.treat(() => this.isLost(replica), 'drop');
    proxy.treat(() => this.isLost(replica), 'lose reply');
    proxy.observe(
      ({ kind }) => kind === 'PUT index' || kind === 'DELETE blob',
      (exchange) => this.record(exchange, replica),
    );
  }

  private async killAndStart(replica: Replica, server: ServerProcess): Promise<void> {
    replica.server = undefined;
    const span = { replica: replica.number, began: performance.now(), ended: Infinity };
    this.down.push(span);
    await server.kill();
    await this.launch(replica);
    span.ended = performance.now();
  }

  private async launch(replica: Replica): Promise<void> {
    replica.server = await replica.start();
  }

  /** Not while it starts: a server that cannot try its store out does not start. */
  private isLost({ number, server }: Replica): boolean {
    if (!this.losing || server === undefined || randomInt(100) >= this.options.lossPercent) return false;
    this.lost.push({ replica: number, at: performance.now() });
    return true;
  }

  private record({ kind, path, body, status, began, ended, isLost }: Exchange, { number }: Replica): void {
    if (status === 0 || status >= 500) this.lost.push({ replica: number, at: ended });
    if (status < 200 || status >= 300) return;
    if (kind === 'PUT index') {
      this.versions.push(parseVersion(body.toString(), { began, ended }));
      if (isLost) this.untold += 1;
    } else {
      const key = decodeURIComponent(path.replace(/\?.*/s, '').replace(/^\/[^/]+\//, ''));
      this.deletions.push({ key, began, ended });
    }
  }
}
