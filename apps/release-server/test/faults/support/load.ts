import { randomBytes, randomInt } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { get, json, post, put, sha256 } from '../../support/client.js';
import { AUTH, type TestServer } from '../../support/server.js';

type Address = Pick<TestServer, 'url'>;

/** What lies under a name. */
export interface Found {
  readonly sha256: string;
  /** Publish time in milliseconds since the epoch. */
  readonly createdAt: number;
}

/** What was sent and what was acknowledged: what a server must hold after whatever befell it. */
export class Ledger {
  /** Acknowledged, last; `undefined` where nothing must be. */
  private readonly known = new Map<string, Found | undefined>();
  /** Sent and not answered: the digest, or `undefined` for a delete. */
  private readonly open = new Map<string, string | undefined>();
  private readonly sent = new Set<string>();
  /** Deletes sent since the ledger was settled. */
  private deletes = 0;
  private serial = 0;
  /** Publishes and deletes that were acknowledged. */
  acknowledged = 0;
  /** Those that were cut off: sent, and not answered when the ledger was settled. */
  cutOff = 0;

  newName(prefix = ''): string {
    return `${prefix}${this.serial++}.bin`;
  }

  /** Says that a version is on its way, or with `undefined` a delete. One at a time for each name. */
  attempt(name: string, digest: string | undefined): void {
    this.open.set(name, digest);
    if (digest === undefined) this.deletes += 1;
    else this.sent.add(digest);
  }

  acknowledge(name: string, found: Found | undefined): void {
    this.open.delete(name);
    this.known.set(name, found);
    this.acknowledged += 1;
  }

  /**
   * Says that a delete found nothing, which settles nothing: a publish that is not durable yet may have withdrawn
   * the package, and without that it is there again after a crash.
   */
  retract(name: string): void {
    this.open.delete(name);
  }

  /** Names that hold a package, as far as was acknowledged; some of them may have been evicted. */
  present(): string[] {
    return [...this.known].flatMap(([name, found]) => (found === undefined ? [] : [name]));
  }

  /** In what that which was found is not what must be there; empty when it is. */
  differences(found: ReadonlyMap<string, Found>, limit = Infinity): string[] {
    const missing = this.present().filter((name) => !found.has(name) && !this.mayBeGone(name, found, limit));
    return [
      ...missing.map((name) => `${name} is lost`),
      ...[...found].flatMap(([name, one]) => this.oddities(name, one)),
      ...(found.size > limit ? [`${found.size} packages are there, more than ${limit}`] : []),
    ];
  }

  /** Takes what was found, and held no differences, as what must be there from now on. */
  settle(found: ReadonlyMap<string, Found>): void {
    for (const name of new Set([...this.known.keys(), ...this.open.keys()])) {
      this.known.set(name, found.get(name));
    }
    this.cutOff += this.open.size;
    this.open.clear();
    this.deletes = 0;
  }

  /** Throws where so many cuts met too little for their outcome to say anything. */
  expectExercised(cuts: number): void {
    if (this.acknowledged >= cuts && this.cutOff >= cuts) return;
    throw new Error(
      `${cuts} cuts met ${this.acknowledged} acknowledged writes and ${this.cutOff} under way: nothing was tried`,
    );
  }

  private oddities(name: string, { sha256: digest, createdAt }: Found): string[] {
    const known = this.known.get(name);
    if (digest === known?.sha256) {
      const drift = createdAt - known.createdAt;
      return drift === 0 ? [] : [`${name} has a time that is ${drift} ms off`];
    }
    if (this.open.has(name) && this.open.get(name) === digest) return [];
    if (!this.sent.has(digest)) return [`${name} is torn`];
    return [known === undefined ? `${name} is back` : `${name} holds an old version`];
  }

  /**
   * Deleted without an answer, or evicted: then everything that is there is newer, and there are as many as the
   * limit allows, but for those deleted since.
   */
  private mayBeGone(name: string, found: ReadonlyMap<string, Found>, limit: number): boolean {
    if (this.open.has(name) && this.open.get(name) === undefined) return true;
    const { createdAt = Infinity } = this.known.get(name) ?? {};
    const all = [...found.values()];
    return all.every((one) => one.createdAt > createdAt) && all.length + this.deletes >= limit;
  }
}

/** Publishes and deletes, and keeps the ledger. Each says whether it was acknowledged. */
export class Client {
  /** Answers other than those expected. */
  readonly failures: string[] = [];

  constructor(
    private readonly server: Address,
    private readonly ledger: Ledger,
  ) {}

  async create(name: string, body = anyBody()): Promise<boolean> {
    const send = randomInt(4) === 0 ? post : put;
    return this.publish(name, body, () => send(this.server, name, body));
  }

  async overwrite(name: string, body = anyBody()): Promise<boolean> {
    return this.publish(name, body, () => put(this.server, name, body, { query: '?overwrite=true' }));
  }

  async remove(name: string): Promise<boolean> {
    this.ledger.attempt(name, undefined);
    const answer = await this.send(() =>
      fetch(`${this.server.url}/assets/${name}`, { method: 'DELETE', headers: AUTH }),
    );
    if (answer === undefined || !this.isExpected(`DELETE ${name}`, answer, [204, 404])) return false;
    if (answer.status === 204) this.ledger.acknowledge(name, undefined);
    else this.ledger.retract(name);
    return true;
  }

  private async publish(name: string, body: Uint8Array, send: () => Promise<Response>): Promise<boolean> {
    const digest = sha256(body);
    this.ledger.attempt(name, digest);
    const answer = await this.send(send);
    if (answer === undefined || !this.isExpected(`publishing ${name}`, answer, [200, 201])) return false;
    const view = JSON.parse(answer.body) as { sha256: string; created_at: string };
    if (view.sha256 !== digest) this.failures.push(`${name}: another digest was acknowledged`);
    this.ledger.acknowledge(name, { sha256: digest, createdAt: Date.parse(view.created_at) });
    return true;
  }

  /** Undefined when the connection ended without a whole answer. */
  private async send(send: () => Promise<Response>): Promise<Answer | undefined> {
    try {
      const response = await send();
      return { status: response.status, body: await response.text() };
    } catch {
      return undefined;
    }
  }

  private isExpected(what: string, { status, body }: Answer, expected: readonly number[]): boolean {
    const is = expected.includes(status);
    if (!is) this.failures.push(`${what}: ${status} ${body}`);
    return is;
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Clients that create, overwrite and delete at once, each names of its own, until told to stop or left alone. */
export class Load {
  private readonly client: Client;
  private readonly clients: Promise<void[]>;
  private isStopping = false;

  constructor(
    server: Address,
    private readonly ledger: Ledger,
    { clients = 8, deletes = true }: { readonly clients?: number; readonly deletes?: boolean } = {},
  ) {
    this.client = new Client(server, ledger);
    const prefixes = Array.from({ length: clients }, (_, index) => `c${index}-`);
    this.clients = Promise.all(prefixes.map((prefix) => this.run(prefix, deletes)));
  }

  get failures(): readonly string[] {
    return this.client.failures;
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.clients;
  }

  private async run(prefix: string, deletes: boolean): Promise<void> {
    let goesOn = true;
    while (goesOn && !this.isStopping) goesOn = await this.step(prefix, deletes);
  }

  private async step(prefix: string, deletes: boolean): Promise<boolean> {
    const own = this.ledger.present().filter((name) => name.startsWith(prefix));
    const dice = randomInt(10);
    const name = own[randomInt(Math.max(1, own.length))];
    if (name === undefined || dice < 5) return this.client.create(this.ledger.newName(prefix));
    return deletes && dice < 7 ? this.client.remove(name) : this.client.overwrite(name);
  }
}

/** Holds what lies in a directory, and what a server makes of it, against the ledger, and settles it. */
export async function expectAsAcknowledged(
  ledger: Ledger,
  directory: string,
  { server, limit }: { readonly server?: Address; readonly limit?: number } = {},
): Promise<void> {
  const found = await foundIn(directory);
  expect(ledger.differences(found, limit)).toEqual([]);
  if (server !== undefined) expect(ledger.differences(await foundAt(server), limit)).toEqual([]);
  ledger.settle(found);
  await expectNothingLeft(directory);
}

/** Nothing is on its way in or out. */
export async function expectNothingLeft(directory: string): Promise<void> {
  for (const place of ['incoming', 'trash']) {
    const left = await readdir(join(directory, '.release-server', place));
    expect(left.map((name) => `${name} is left in ${place}`)).toEqual([]);
  }
}

/** What a server lists of packages in no folder, with the digests of what it serves. */
export async function foundAt(server: Address): Promise<Map<string, Found>> {
  const list = await json<{ name: string; sha256: string | null; created_at: string; url: string }[]>(
    await get(server, '/packages?format=json'),
  );
  const found = new Map<string, Found>();
  for (const { name, sha256: listed, created_at: createdAt, url } of list) {
    if (!url.includes('/assets/')) continue;
    const response = await get(server, `/assets/${name}`);
    const digest = sha256(new Uint8Array(await response.arrayBuffer()));
    expect([response.status, listed ?? digest]).toEqual([200, digest]);
    found.set(name, { sha256: digest, createdAt: Date.parse(createdAt) });
  }
  return found;
}

/** What lies in a directory of packages, but for what is in folders. */
export async function foundIn(directory: string): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const { name } = entry;
    if (name.startsWith('.') || !entry.isFile()) continue;
    const path = join(directory, name);
    const createdAt = Math.floor((await stat(path)).mtimeMs);
    found.set(name, { sha256: sha256(await readFile(path)), createdAt });
  }
  return found;
}

/** Random bytes, some for one write and some for several. */
function anyBody(): Uint8Array<ArrayBuffer> {
  const [least = 1, most = 1] = [
    [1, 1000],
    [1000, 100_000],
    [100_000, 600_000],
  ][randomInt(3)] as number[];
  return new Uint8Array(randomBytes(randomInt(least, most)));
}
