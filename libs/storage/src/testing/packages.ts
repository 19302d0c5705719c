import { createCipheriv, createHash } from 'node:crypto';
import { Readable } from 'node:stream';

import type { Evict } from '../eviction.js';
import type { OpenPackage, Package } from '../package-reader.js';
import type {
  PackageStore,
  PublishOptions,
  PublishResult,
  StagedPackage,
  StageOptions,
} from '../package-store.js';
import { StorageError } from '../storage.errors.js';

export const KEEP_ALL: Evict = () => [];

/** A policy after which nothing stays but the package that comes. */
export const EVICT_ALL: Evict = (packages) => packages.map((one) => ({ package: one, reason: 'all leave' }));

/** More than any test stores. */
export const MAX_SIZE = 64 * 1024 * 1024;

/** Keeps the newest `limit` packages, and counts an overwritten one once. */
export function keepNewest(limit: number): Evict {
  return (packages, { incoming }) => {
    const others = packages.filter(({ name }) => !incoming.some((one) => one.name === name));
    const surplus = Math.max(0, others.length + incoming.length - limit);
    const oldest = others.toSorted((a, b) => a.createdAt - b.createdAt).slice(0, surplus);
    return oldest.map((one) => ({ package: one, reason: `more than ${limit}` }));
  };
}

/** Bytes that differ from place to place and from seed to seed, so that no two parts can be mistaken. */
export function bytesOf(size: number, seed = 1): Buffer {
  const key = Buffer.alloc(16);
  key.writeUInt32BE(seed);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A body of these chunks that ends, and that nobody but its reader destroys. */
export function bodyOf(...chunks: readonly Uint8Array[]): Readable {
  const rest = chunks.values();
  return new Readable({
    autoDestroy: false,
    read() {
      const { done, value } = rest.next();
      this.push(done === true ? null : value);
    },
  });
}

/** Receives these bytes as an upload that nobody sees yet. */
export async function stage(
  store: PackageStore,
  content: Uint8Array | string,
  options: Partial<StageOptions> = {},
): Promise<StagedPackage> {
  return store.stage(bodyOf(Buffer.from(content)), { maxSize: MAX_SIZE, ...options });
}

/** Stages and publishes, and discards what is refused. */
export async function publish(
  store: PackageStore,
  name: string,
  content: Uint8Array | string,
  options: Partial<PublishOptions> = {},
): Promise<PublishResult> {
  const staged = await stage(store, content);
  try {
    return await store.publish(staged, name, { condition: 'any', evict: KEEP_ALL, ...options });
  } finally {
    await store.discard(staged);
  }
}

/** Publishes packages one after the other, so that the first is the oldest. */
export async function publishAll(store: PackageStore, ...names: readonly string[]): Promise<Package[]> {
  const published: Package[] = [];
  for (const name of names) published.push((await publish(store, name, `content of ${name}`)).package);
  return published;
}

export async function namesIn(store: PackageStore): Promise<string[]> {
  return (await store.list()).map(({ name }) => name);
}

export async function bytesIn(opened: OpenPackage, start?: number, end?: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // Copied at once: a chunk's memory is used again for the next.
  for await (const chunk of opened.read(start, end)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Reads one open package to its end and lets it go. */
export async function contentOf(opened: OpenPackage, start?: number, end?: number): Promise<Buffer> {
  try {
    return await bytesIn(opened, start, end);
  } finally {
    await opened.close();
  }
}

/** All bytes of a package. */
export async function read(store: PackageStore, name: string): Promise<Buffer> {
  return contentOf(await store.open(name));
}

/** The error with which the store refuses; fails when it does not, or with another kind of error. */
export async function refusalOf(attempt: Promise<unknown>): Promise<StorageError> {
  const outcome = await attempt.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
  if (outcome instanceof StorageError) return outcome;
  throw new Error('expected a StorageError', { cause: outcome });
}

/** The code of the `StorageError` with which the store refuses; fails when it does not. */
export async function refusalCodeOf(attempt: Promise<unknown>): Promise<string> {
  return (await refusalOf(attempt)).code;
}

/** Asks until the answer is there, for what takes effect a little later. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  patience = 5000,
): Promise<T> {
  const deadline = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`gave up waiting until ${what}`);
    await pause(20);
  }
}

export async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
