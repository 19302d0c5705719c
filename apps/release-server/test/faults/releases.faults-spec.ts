import { randomInt } from 'node:crypto';
import { readdir } from 'node:fs/promises';

import { json } from '../support/client.js';
import { AUTH } from '../support/server.js';
import { cutRequest, type Cut } from './support/cut-request.js';
import { expectHidden, releasesIn } from './support/release-load.js';
import { listedOf, publishAgainstReaders, raceForRelease } from './support/release-races.js';
import { row } from './support/row.js';

row(
  'C7',
  'releases that are published while others read them and upload to them: none or all of it, no upload is lost',
  { rounds: { usual: 20, long: 1000, of: 'releases' } },
  async ({ server, rounds, note }) => {
    const one = await server({ MAX_PACKAGES: 'null' });
    let seen = 0;
    for (let round = 0; round < rounds; round++) {
      seen += (await publishAgainstReaders([one], `v${round + 1}.0.0`)).sightings;
    }
    note(`seen whole ${seen} times`);
  },
);

row(
  'C8',
  'creates, publishes and deletes of one release at once: each has one outcome, and nothing is left between',
  { rounds: { usual: 20, long: 1000, of: 'releases' } },
  async ({ server, rounds, directory }) => {
    const one = await server({ MAX_PACKAGES: 'null' });
    for (let round = 0; round < rounds; round++) await raceForRelease([one], `cli/v${round + 1}.0.0`);
    expect(await readdir(`${directory}/.release-server/trash`)).toEqual([]);
  },
);

const FILES = ['tool-linux', 'tool-mac', 'SHA256SUMS'];
const CUTS: readonly Cut[] = ['client leaves', 'killed in the body', 'killed after the body'];

/** A request of a publication, given the id of the draft once it is made. */
type Step = (id: number) => { readonly method: string; readonly path: string; readonly body: string };

/** All that a client sends to publish a release. */
const CONVERSATIONS: readonly ((tag: string) => readonly Step[])[] = [
  (tag) => {
    const path = `/releases/${encodeURIComponent(tag)}`;
    return [
      () => ({
        method: 'POST',
        path: '/releases',
        body: JSON.stringify({ tag, draft: true, notes: 'News' }),
      }),
      ...FILES.map((file) => () => ({
        method: 'PUT',
        path: `${path}/assets/${file}`,
        body: `${file} of ${tag}`,
      })),
      () => ({ method: 'PATCH', path, body: JSON.stringify({ draft: false, title: `Release ${tag}` }) }),
    ];
  },
  // As `gh release create` does it.
  (tag) => {
    const releases = '/api/v3/repos/acme/tools/releases';
    const uploads = '/api/uploads/repos/acme/tools/releases';
    return [
      () => ({
        method: 'POST',
        path: releases,
        body: JSON.stringify({ tag_name: tag, draft: true, body: 'News' }),
      }),
      ...FILES.map((file) => (id: number) => ({
        method: 'POST',
        path: `${uploads}/${id}/assets?name=${file}`,
        body: `${file} of ${tag}`,
      })),
      (id) => ({ method: 'PATCH', path: `${releases}/${id}`, body: JSON.stringify({ draft: false }) }),
    ];
  },
];

row(
  'K9',
  'each request of the publication of a release cut off, by its client or by kill -9: a draft, nothing, or all of it',
  {
    rounds: { usual: 1, long: 40, of: 'rounds' },
    timeout: { usual: 300_000, long: 3_600_000 },
  },
  async ({ server, directory, rounds, note }) => {
    const start = () => server({ MAX_PACKAGES: 'null' });
    let [victim, serial, left] = [await start(), 0, { drafts: 0, public: 0 }];
    const cutAt = async (steps: readonly Step[], tag: string, at: number, cut: Cut): Promise<void> => {
      let id = 0;
      for (const step of steps.slice(0, at)) {
        const { method, path, body } = step(id);
        const answer = await fetch(victim.url + path, { method, body, headers: AUTH });
        expect(`${method} ${path}: ${answer.ok}`).toBe(`${method} ${path}: true`);
        if (id === 0) ({ id = -1 } = await json<{ id?: number }>(answer));
      }
      const request = steps[at]?.(id);
      if (request === undefined) return;
      const answer = await cutRequest(victim, request, cut, randomInt(30));
      if (!victim.isRunning()) victim = await start();
      const found = (await releasesIn(directory)).get(tag);
      const listed = await listedOf(victim, tag);
      const isLast = at === steps.length - 1;
      const isPublic = isLast && cut === 'killed after the body' && found?.isDraft === false;
      const said = `${cut} ${request.method} ${request.path}: `;
      expect(said + listed.join()).toBe(said + (isPublic ? FILES.toSorted().join() : ''));
      if (!isPublic) await expectHidden(victim, tag);
      expect(said + String(found?.isDraft ?? true)).toBe(said + String(!isPublic));
      if (/^HTTP\/1\.1 20[01]/.test(answer)) expect(said + String(found !== undefined)).toBe(`${said}true`);
      left = {
        drafts: left.drafts + Number(found?.isDraft === true),
        public: left.public + Number(isPublic),
      };
    };
    for (let round = 0; round < rounds; round++) {
      for (const stepsOf of CONVERSATIONS) {
        for (const at of stepsOf('').keys()) {
          for (const cut of CUTS) {
            const tag = `v${++serial}.0.0`;
            await cutAt(stepsOf(tag), tag, at, cut);
          }
        }
      }
    }
    note(`${serial} cuts left ${left.drafts} drafts and ${left.public} whole releases`);
  },
);
