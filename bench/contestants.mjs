// Who takes part: the build, another build that it is held against, and peers.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { peersFor } from './peers.mjs';
import { seedReleases } from './seed.mjs';
import { startServer } from './server.mjs';

/** Small, so that many are quickly there; what is measured is not their content. */
const SCALE_BYTES = 256;

/** The builds as contestants: `start(directory, { seed, environment })` gives one that runs on storage of its own. */
export function builds({ checkouts }) {
  return checkouts.map(({ name, checkout }) => ({
    name,
    start: async (directory, { seed, environment }) => {
      const place = join(directory, name);
      const storage = join(place, 'storage');
      await seed(storage);
      const server = await startServer(checkout, storage, environment);
      return clearedAtEnd({ ...server, name, storage, assets: '/assets/', isBuild: true }, place);
    },
  }));
}

/** The builds and whoever else here serves this kind of request. */
export async function contestantsFor(kind, bench) {
  const peers = (bench.hasPeers ? await peersFor(kind) : []).map((peer) => ({
    name: peer.name,
    start: async (directory, options) => {
      const place = join(directory, peer.name.replaceAll(/\W+/g, '-'));
      try {
        return clearedAtEnd(await peer.start(place, options), place);
      } catch (error) {
        // Perhaps of another version than that of the table; what is measured is not the peer.
        console.error(`${peer.name} does not take part: ${error.message}`);
      }
    },
  }));
  return [...builds(bench), ...peers];
}

function clearedAtEnd(contestant, place) {
  const stop = async () => {
    await contestant.stop();
    await rm(place, { recursive: true });
  };
  return { ...contestant, stop };
}

/** Starts them all, has `use` do its work, and stops them. */
export async function running(contestants, directory, options, use) {
  const started = [];
  try {
    for (const contestant of contestants) {
      const one = await contestant.start(
        directory,
        typeof options === 'function' ? await options(started) : options,
      );
      if (one !== undefined) started.push(one);
    }
    return await use(started);
  } finally {
    for (const contestant of started) await contestant.stop();
  }
}

/**
 * The builds on storage of so many packages each; `pairs` hold the most against the fewest of the same build, and every
 * number against that of the other build.
 */
export function withPackages(bench, counts) {
  const nameOf = (build, count) => `${build}, ${count.toLocaleString('en')}`;
  const contestants = builds(bench).flatMap((build) =>
    counts.map((count) => ({
      name: nameOf(build.name, count),
      start: async (directory) => {
        const seed = (storage) => seedReleases(storage, { count, bytes: SCALE_BYTES });
        const place = join(directory, String(count));
        return {
          ...(await build.start(place, { seed, environment: { MAX_PACKAGES: 'null' } })),
          name: nameOf(build.name, count),
        };
      },
    })),
  );
  const [first, ...others] = bench.checkouts.map(({ name }) => name);
  const least = counts[0];
  contestants.pairs = [
    ...counts.slice(1).map((count) => [nameOf(first, count), nameOf(first, least)]),
    ...others.flatMap((other) => counts.map((count) => [nameOf(first, count), nameOf(other, count)])),
  ];
  return contestants;
}
