import { randomBytes, randomInt } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { get, json, sha256 } from '../../support/client.js';
import { AUTH, type TestServer } from '../../support/server.js';
import { until } from '../../support/until.js';
import { expectNothingLeft, type Found } from './load.js';
import type { Outcome, ReleaseLedger, Releases, ReleaseState } from './release-ledger.js';

type Address = Pick<TestServer, 'url'>;

const FILES = ['tool-linux-amd64', 'tool-darwin-arm64', 'tool.zip', 'latest.yml', 'SHA256SUMS'];

/** Sends what a client says of a release, with a token. */
export function say(server: Address, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${server.url}/releases${path}`, {
    method,
    headers: AUTH,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** Publishes a file into the folder of a release, with a token. */
export function putAsset(
  server: Address,
  tag: string,
  file: string,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const path = `/releases/${encodeURIComponent(tag)}/assets/${file}`;
  return fetch(`${server.url}${path}`, { method: 'PUT', body, headers: AUTH });
}

/** Makes, fills, publishes, renames and deletes releases, and keeps the ledger. Each says whether it was acknowledged. */
export class ReleaseClient {
  /** Answers other than those expected. */
  readonly failures: string[] = [];

  constructor(
    private readonly server: () => Address | undefined,
    private readonly ledger: ReleaseLedger,
    /** Answers that say nothing of what came of it. */
    private readonly unknown: readonly number[] = [],
  ) {}

  /** A draft without files. */
  async draft(tag: string): Promise<boolean> {
    const outcome = { [tag]: { isDraft: true, files: new Map<string, Found>() } };
    const body = { tag, draft: true, notes: `What is new in ${tag}` };
    return this.send(tag, [outcome], [201], (server) => say(server, 'POST', '', body));
  }

  /** Another file of a draft. */
  async upload(tag: string): Promise<boolean> {
    const files = this.ledger.get(tag)?.files ?? new Map<string, Found>();
    const file = FILES.find((one) => !files.has(one)) ?? '';
    const body = anyBody();
    const withFile = (createdAt: number): Outcome => ({
      [tag]: { isDraft: true, files: new Map([...files, [file, { sha256: sha256(body), createdAt }]]) },
    });
    const answered = (text: string): Outcome =>
      withFile(Date.parse((JSON.parse(text) as { created_at: string }).created_at));
    const put = (server: Address): Promise<Response> => putAsset(server, tag, file, body);
    return this.send(tag, [withFile(Number.NaN)], [201], put, answered);
  }

  /** A draft becomes public, or a release gets another tag, or both at once. */
  async publish(tag: string, to = tag): Promise<boolean> {
    const { files = new Map<string, Found>(), isDraft = true } = this.ledger.get(tag) ?? {};
    const becoming = (state: ReleaseState): Outcome => ({ [tag]: undefined, [to]: state });
    // The folder is moved before its record is replaced.
    const moved = to !== tag && isDraft ? [becoming({ isDraft: true, files })] : [];
    const outcomes = [becoming({ isDraft: false, files }), ...moved] as const;
    const body = { draft: false, ...(to !== tag && { tag: to }) };
    return this.send(tag, outcomes, [200], (server) =>
      say(server, 'PATCH', `/${encodeURIComponent(tag)}`, body),
    );
  }

  /** With all of its files. */
  async remove(tag: string): Promise<boolean> {
    return this.send(tag, [{ [tag]: undefined }], [204], (server) =>
      say(server, 'DELETE', `/${encodeURIComponent(tag)}`),
    );
  }

  /** One of 3 to 5 files, from nothing to all but its publication. */
  async fill(tag: string): Promise<boolean> {
    if (!(await this.draft(tag))) return false;
    for (let files = randomInt(3, 6); files > 0; files--) if (!(await this.upload(tag))) return false;
    return true;
  }

  /** The next of a random sequence about the releases with that prefix. */
  async step(prefix: string, deletes: boolean): Promise<boolean> {
    const [draft, released] = [this.ledger.tags(true, prefix).at(-1), this.ledger.tags(false, prefix)];
    const dice = randomInt(12);
    if (draft === undefined) {
      const old = released[randomInt(Math.max(1, released.length))];
      if (old === undefined || dice > 4) return this.draft(this.ledger.newTag(prefix));
      if (dice > 2) return this.publish(old, this.ledger.newTag(prefix));
      return deletes ? this.remove(old) : this.draft(this.ledger.newTag(prefix));
    }
    const files = this.ledger.get(draft)?.files.size ?? 0;
    if (files < 3 || (files < FILES.length && dice < 5)) return this.upload(draft);
    if (dice === 5) return this.remove(draft);
    return this.publish(draft, dice < 9 ? draft : this.ledger.newTag(prefix));
  }

  /** Sends what comes to the first of the outcomes, where it is answered as expected. */
  private async send(
    tag: string,
    outcomes: readonly [Outcome, ...Outcome[]],
    expected: readonly number[],
    request: (server: Address) => Promise<Response>,
    answered?: (text: string) => Outcome,
  ): Promise<boolean> {
    const server = this.server();
    if (server === undefined) return false;
    this.ledger.attempt(tag, ...outcomes);
    let [status, text] = [0, ''];
    try {
      const response = await request(server);
      [status, text] = [response.status, await response.text()];
    } catch {
      return false;
    }
    if (this.unknown.includes(status)) return false;
    if (expected.includes(status)) this.ledger.acknowledge(tag, answered?.(text) ?? outcomes[0]);
    // All of its packages made room for others.
    else if (status === 404 && this.ledger.get(tag)?.isDraft === false) this.ledger.retract(tag);
    else {
      this.failures.push(`${Object.keys(outcomes[0]).join(' as ')}: ${status} ${text}`);
      return false;
    }
    return true;
  }
}

/** Clients that do so at once, each with releases of its own, until told to stop or left alone. */
export class ReleaseLoad {
  private readonly client: ReleaseClient;
  private readonly clients: Promise<void[]>;
  private isStopping = false;

  constructor(
    server: Address,
    private readonly ledger: ReleaseLedger,
    { deletes = true }: { readonly deletes?: boolean } = {},
  ) {
    this.client = new ReleaseClient(() => server, ledger);
    const run = async (prefix: string): Promise<void> => {
      while (!this.isStopping && (await this.client.step(prefix, deletes)));
    };
    this.clients = Promise.all(['a/', 'b-', 'c-', 'd-'].map(run));
  }

  get failures(): readonly string[] {
    return this.client.failures;
  }

  /** Waits until some of what is asked for has been done, and a moment longer: fast or slow, a cut meets something. */
  async some(): Promise<void> {
    const wanted = this.ledger.acknowledged + randomInt(25);
    await until(() => this.ledger.acknowledged >= wanted);
    await delay(randomInt(30));
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.clients;
  }
}

/** Holds the releases in a directory, and what a server shows of them, against the ledger, and settles it. */
export async function expectReleasesAsAcknowledged(
  ledger: ReleaseLedger,
  directory: string,
  { server, limit = Infinity }: { readonly server?: Address; readonly limit?: number } = {},
): Promise<void> {
  const found = await releasesIn(directory);
  expect(ledger.differences(found, { limit })).toEqual([]);
  if (server !== undefined) {
    expect(ledger.differences(await releasesAt(server), { limit, seesDrafts: false })).toEqual([]);
    for (const [tag, { isDraft }] of found) if (isDraft) await expectHidden(server, tag);
  }
  ledger.settle(found);
  await expectNothingLeft(directory);
}

/** A draft has no page, and none of its files an address. */
export async function expectHidden(server: Address, tag: string): Promise<void> {
  const path = encodeURIComponent(tag);
  for (const address of [`/releases/tag/${path}`, `/releases/download/${path}/${FILES[0]}`]) {
    const { status } = await get(server, address);
    expect(`${address}: ${status}`).toBe(`${address}: 404`);
  }
}

/** The public releases in folders that a server lists, with the digests of what it serves. */
export async function releasesAt(server: Address): Promise<Releases> {
  type Listed = { name: string; release: string; sha256: string | null; created_at: string; url: string };
  const releases = new Map<string, { isDraft: false; files: Map<string, Found> }>();
  for (const { name, release, sha256: listed, created_at: createdAt, url } of await json<Listed[]>(
    await get(server, '/packages?format=json'),
  )) {
    if (url.includes('/assets/')) continue;
    const response = await fetch(url);
    const digest = sha256(new Uint8Array(await response.arrayBuffer()));
    expect(`${url}: ${response.status} ${digest}`).toBe(`${url}: 200 ${listed ?? digest}`);
    const found = releases.get(release) ?? { isDraft: false, files: new Map<string, Found>() };
    found.files.set(name, { sha256: digest, createdAt: Date.parse(createdAt) });
    releases.set(release, found);
  }
  return releases;
}

/** The releases in a directory. A folder that is empty is none. */
export async function releasesIn(directory: string): Promise<Releases> {
  const releases = new Map<string, ReleaseState>();
  for (const folder of await readdir(directory, { withFileTypes: true })) {
    if (!folder.isDirectory() || folder.name.startsWith('.')) continue;
    const path = join(directory, folder.name);
    const names = await readdir(path);
    const files = new Map<string, Found>();
    for (const name of names.filter((one) => one !== '.release.json')) {
      const { mtimeMs } = await stat(join(path, name));
      const content = await readFile(join(path, name));
      files.set(name, { sha256: sha256(content), createdAt: Math.floor(mtimeMs) });
    }
    const record = names.includes('.release.json')
      ? await readFile(join(path, '.release.json'), 'utf8')
      : '{}';
    const { isDraft = false } = parsed(folder.name, record);
    if (names.length > 0) releases.set(decodeURIComponent(folder.name), { isDraft, files });
  }
  return releases;
}

function parsed(folder: string, record: string): { isDraft?: boolean } {
  try {
    return JSON.parse(record) as { isDraft?: boolean };
  } catch {
    throw new Error(`${folder} has a torn record of ${record.length} characters`);
  }
}

/** Random bytes, few and now and then many. */
function anyBody(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(randomInt(1, randomInt(6) === 0 ? 300_000 : 3000)));
}
