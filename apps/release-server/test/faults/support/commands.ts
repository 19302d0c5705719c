import * as fc from 'fast-check';

import { get, json, post, put, sha256 } from '../../support/client.js';
import { AUTH } from '../../support/server.js';
import { listOf, type Machine } from './machine.js';
import { nameIn, type Model } from './model.js';
import { putAsset, say } from './release-load.js';

/** One thing that is done to the server and to the model, and held against each other. */
export type Command = fc.AsyncCommand<Model, Machine>;

const NAMES = ['a.bin', 'b.bin', 'c.bin', 'd.bin', 'e.bin'];
/** Kept in memory by the server, and read from the file. */
const SIZES = [1000, 200_000];
const NO_VERSION = '"sha256:none"';

const name = fc.constantFrom(...NAMES);
const content = fc.tuple(fc.constantFrom(...SIZES), fc.nat(99)).map(([size, seed]) => ({
  bytes: Buffer.from(Buffer.alloc(size + seed, `${seed} `)),
  toString: () => `${size + seed} bytes`,
}));

function command(words: string, run: (model: Model, machine: Machine) => Promise<void>): Command {
  return { check: () => true, run, toString: () => words };
}

/** Headers and query of an upload, and the status that it has where the name is taken and where it is free. */
interface Condition {
  readonly words: string;
  readonly ask: (model: Model, name: string) => { query?: string; headers?: Record<string, string> };
  readonly taken: 'replaced' | 409 | 412;
  readonly free: 'created' | 412;
}

const tagOf = (model: Model, of: string): string => {
  const stored = model.get(of);
  return stored === undefined ? NO_VERSION : `"sha256:${sha256(stored)}"`;
};

const CONDITIONS: Condition[] = [
  { words: 'create', ask: () => ({}), taken: 409, free: 'created' },
  {
    words: 'create (If-None-Match: *)',
    ask: () => ({ headers: { 'If-None-Match': '*' } }),
    taken: 412,
    free: 'created',
  },
  { words: 'overwrite', ask: () => ({ query: '?overwrite=true' }), taken: 'replaced', free: 'created' },
  {
    words: 'overwrite (If-Match: its version)',
    ask: (model, of) => ({ headers: { 'If-Match': tagOf(model, of) } }),
    taken: 'replaced',
    free: 412,
  },
  {
    words: 'overwrite (If-Match: another version)',
    ask: () => ({ query: '?overwrite=true', headers: { 'If-Match': NO_VERSION } }),
    taken: 412,
    free: 412,
  },
  {
    words: 'overwrite (If-Match: *)',
    ask: () => ({ headers: { 'If-Match': '*' } }),
    taken: 'replaced',
    free: 412,
  },
];

const publish = fc
  .record({ name, content, condition: fc.constantFrom(...CONDITIONS), way: fc.constantFrom('PUT', 'POST') })
  .map(({ name: of, content: { bytes, toString }, condition, way }) =>
    command(`${condition.words} ${of} by ${way}, ${toString()}`, async (model, { server }) => {
      const outcome = model.get(of) === undefined ? condition.free : condition.taken;
      const upload = way === 'PUT' ? put : post;
      const response = await upload(server, of, bytes, condition.ask(model, of));
      const isStored = typeof outcome === 'string';
      const status = outcome === 'created' && way === 'PUT' ? 201 : 200;
      expect(`${condition.words}: ${response.status}`).toBe(
        `${condition.words}: ${isStored ? status : outcome}`,
      );
      const answer = await json(response);
      if (!isStored) return;
      expect(answer).toMatchObject({ name: of, size: bytes.length, sha256: sha256(bytes) });
      model.publish(of, bytes);
    }),
  );

const remove = fc
  .record({ name, condition: fc.constantFrom(undefined, 'its version', 'another version') })
  .map(({ name: of, condition }) =>
    command(`delete ${of}, If-Match: ${condition ?? 'none'}`, async (model, { server }) => {
      const tag = condition === 'its version' ? tagOf(model, of) : NO_VERSION;
      const headers = { ...AUTH, ...(condition === undefined ? {} : { 'If-Match': tag }) };
      const response = await fetch(`${server.url}/assets/${of}`, { method: 'DELETE', headers });
      const isThere = model.get(of) !== undefined;
      const isMeant = condition !== 'another version';
      expect(`delete: ${response.status}`).toBe(`delete: ${!isThere ? 404 : isMeant ? 204 : 412}`);
      if (isThere && isMeant) model.remove(of);
    }),
  );

const read = name.map((of) =>
  command(`read ${of}`, async (model, { server }) => {
    const response = await get(server, `/assets/${of}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    const stored = model.get(of);
    expect(`read: ${response.status}`).toBe(`read: ${stored === undefined ? 404 : 200}`);
    if (stored === undefined) return;
    expect(response.headers.get('etag')).toBe(tagOf(model, of));
    expect(sha256(bytes)).toBe(sha256(stored));
  }),
);

const readRange = fc
  .record({ name, from: fc.nat(1000), length: fc.integer({ min: 1, max: 1000 }) })
  .map(({ name: of, from, length }) =>
    command(`read ${of}, ${length} bytes from ${from}`, async (model, { server }) => {
      const range = { Range: `bytes=${from}-${from + length - 1}` };
      const response = await get(server, `/assets/${of}`, range);
      const bytes = Buffer.from(await response.arrayBuffer());
      const stored = model.get(of);
      const part = stored?.subarray(from, from + length);
      const status = part === undefined ? 404 : part.length === 0 ? 416 : 206;
      expect(`read a range: ${response.status}`).toBe(`read a range: ${status}`);
      if (status === 206) expect(bytes.toString()).toBe(part?.toString());
    }),
  );

const list = fc.constant(
  command('list', async (model, machine) => {
    expect(await machine.list()).toEqual(listOf(model));
  }),
);

const latest = fc.constant(
  command('latest', async (model, machine) => {
    // Releases are in an order of their own.
    expect((await machine.latest()).toSorted()).toEqual(listOf(model).toSorted());
  }),
);

const putByHand = fc.record({ name, content }).map(({ name: of, content: { bytes, toString } }) =>
  command(`put ${of} in by hand, ${toString()}`, async (model, machine) => {
    await machine.putByHand(of, bytes);
    model.makeNewest(of, bytes);
    await machine.settle(model);
  }),
);

const touch = fc.record({ name, when: fc.constantFrom('past', 'now', 'future') }).map(({ name: of, when }) =>
  command(`touch ${of} (${when})`, async (model, machine) => {
    const stored = model.get(of);
    if (stored === undefined) return;
    await machine.touch(of, when);
    if (when === 'past') model.makeOldest(of, stored);
    else model.makeNewest(of, stored);
    await machine.settle(model);
  }),
);

const restart = fc.constantFrom('stop', 'kill').map((how) =>
  command(`${how} and start`, async (model, machine) => {
    await machine.server[how]();
    await machine.start();
    model.keepNewest();
    await machine.settle(model);
  }),
);

const killDuringUpload = fc
  .record({ name, content, share: fc.constantFrom(0, 0.5, 1, 1), after: fc.nat(12) })
  .map(({ name: of, content: { bytes, toString }, share, after }) =>
    command(`kill after ${share} of overwriting ${of}, ${toString()}, and start`, async (model, machine) => {
      const sent = Math.floor(bytes.length * share);
      const isAcknowledged = await machine.killDuringUpload(of, bytes, sent, after);
      await machine.start();
      const response = await get(machine.server, `/assets/${of}`);
      const digest = sha256(new Uint8Array(await response.arrayBuffer()));
      const isStored = digest === sha256(bytes);
      if (isAcknowledged || (share === 1 && isStored)) model.publish(of, bytes);
      model.keepNewest();
      await machine.settle(model);
    }),
  );

const TAGS = ['red', 'team/blue'];
const FILES = ['x.bin', 'y.bin'];
const tag = fc.constantFrom(...TAGS);
const file = fc.constantFrom(...FILES);
const pathOf = (of: string): string => `/${encodeURIComponent(of)}`;

/** What a request about a release is answered with, where there is one and where there is none. */
function expectStatus(does: string, { status }: Response, expected: number): void {
  expect(`${does}: ${status}`).toBe(`${does}: ${expected}`);
}

const draft = tag.map((of) =>
  command(`draft ${of}`, async (model, { server }) => {
    const isThere = model.release(of) !== undefined;
    const answer = await say(server, 'POST', '', { tag: of, draft: true });
    expectStatus('draft', answer, isThere ? 409 : 201);
    if (!isThere) model.setDraft(of, true);
  }),
);

const publishIn = fc
  .record({ tag, file, content })
  .map(({ tag: of, file: named, content: { bytes, toString } }) =>
    command(`create ${named} in ${of}, ${toString()}`, async (model, { server }) => {
      const own = nameIn(of, named);
      const isThere = model.get(own) !== undefined;
      const answer = await putAsset(server, of, named, bytes);
      expectStatus('create in a release', answer, isThere ? 409 : 201);
      if (!isThere) model.publish(own, bytes);
    }),
  );

const show = fc.record({ tag, isDraft: fc.constantFrom(false, false, true) }).map(({ tag: of, isDraft }) =>
  command(`${isDraft ? 'hide' : 'show'} ${of}`, async (model, { server }) => {
    const isThere = model.release(of) !== undefined;
    expectStatus('show', await say(server, 'PATCH', pathOf(of), { draft: isDraft }), isThere ? 200 : 404);
    if (isThere) model.setDraft(of, isDraft);
  }),
);

const move = fc.record({ tag, to: tag }).map(({ tag: of, to }) =>
  command(`move ${of} to ${to}`, async (model, { server }) => {
    const isThere = model.release(of) !== undefined;
    const isFree = of === to || model.release(to) === undefined;
    const answer = await say(server, 'PATCH', pathOf(of), { tag: to, notes: `moved to ${to}` });
    expectStatus('move', answer, !isThere ? 404 : isFree ? 200 : 409);
    if (isThere && isFree) model.move(of, to);
  }),
);

const removeRelease = tag.map((of) =>
  command(`delete ${of} as a whole`, async (model, { server }) => {
    const isThere = model.release(of) !== undefined;
    expectStatus('delete as a whole', await say(server, 'DELETE', pathOf(of)), isThere ? 204 : 404);
    model.removeRelease(of);
  }),
);

const readIn = fc.record({ tag, file }).map(({ tag: of, file: named }) =>
  command(`read ${named} of ${of}`, async (model, { server }) => {
    const own = nameIn(of, named);
    const stored = model.isHidden(own) ? undefined : model.get(own);
    const answer = await get(server, `/releases/download${pathOf(of)}/${named}`);
    expectStatus('read of a release', answer, stored === undefined ? 404 : 200);
    if (stored !== undefined) expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(stored));
  }),
);

/** How often each comes; those that wait for a start or for the directory to settle less often. */
const WEIGHTS: readonly (readonly [number, fc.Arbitrary<Command>])[] = [
  [16, publish],
  [5, remove],
  [4, read],
  [2, readRange],
  [4, list],
  [2, latest],
  [2, putByHand],
  [2, touch],
  [4, draft],
  [8, publishIn],
  [5, show],
  [2, move],
  [2, removeRelease],
  [3, readIn],
  [1, restart],
  [1, killDuringUpload],
];

export const commands = fc.commands(
  WEIGHTS.flatMap(([weight, one]) => Array.from({ length: weight }, () => one)),
  { maxCommands: 60, size: 'max' },
);
