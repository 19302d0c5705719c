// What `npm run seed` publishes, and when it says that it was published.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { AGENTS, presetsZip, SCRIPTS, templateZip } from './template.mjs';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
/** Milliseconds between two files of a release, as a pipeline uploads them. */
const STEP = 1700;

/** All packages, oldest first: `{ name, content, createdAt }`. The bytes are the same at any time. */
export async function seedPackages(now) {
  const today = Math.floor(now / DAY) * DAY;
  const at = (daysAgo, hour) => today - daysAgo * DAY + hour * HOUR;
  const stable = await release('1.5.0', AGENTS, at(4, 14.5));
  return [
    await file('install.sh', at(24, 9)),
    ...(await release('1.4.0', AGENTS, at(23, 9.25))),
    await file('team-constitution.md', at(15, 10)),
    { name: 'team-presets.zip', content: await presetsZip(), createdAt: at(9, 15.75) },
    ...stable,
    { name: 'checksums.txt', content: checksums(stable), createdAt: at(4, 14.6) },
    ...(await release('1.6.0-rc.1', ['claude', 'copilot', 'gemini'], at(1, 11.5))),
  ];
}

async function release(version, agents, start) {
  const variants = agents.flatMap((agent) => SCRIPTS.map((script) => [agent, script]));
  return Promise.all(
    variants.map(async ([agent, script], place) => ({
      name: `spec-kit-template-${agent}-${script}-v${version}.zip`,
      content: await templateZip(agent, script, version),
      createdAt: start + place * STEP,
    })),
  );
}

async function file(name, createdAt) {
  return { name, content: await readFile(new URL(`files/${name}`, import.meta.url)), createdAt };
}

/** In the format of `sha256sum --check`. */
function checksums(packages) {
  const lines = packages.map(
    ({ name, content }) => `${createHash('sha256').update(content).digest('hex')}  ${name}\n`,
  );
  return Buffer.from(lines.join(''));
}
