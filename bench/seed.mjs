// Packages put into a directory by hand, as every server finds them.
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const AGENTS = [
  'claude',
  'gemini',
  'copilot',
  'cursor',
  'qwen',
  'opencode',
  'codex',
  'windsurf',
  'kilocode',
  'auggie',
  'roo',
  'codebuddy',
  'amp',
  'shai',
  'q',
  'bob',
  'qoder',
];
const START_SECONDS = 1_700_000_000;

/** One full release of spec-kit's templates has 34 files. */
export const RELEASE_FILES = AGENTS.flatMap((agent) => ['sh', 'ps'].map((shell) => `${agent}-${shell}`));

/** So many packages of so many bytes, release after release. */
export async function seedReleases(storage, { count, bytes }) {
  await mkdir(storage, { recursive: true });
  for (let at = 0; at < count; at++) {
    const name = packageName(at);
    const place = join(storage, name);
    await writeFile(place, Buffer.alloc(bytes, `${name} `));
    await utimes(place, START_SECONDS + at, START_SECONDS + at);
  }
}

export function packageName(at) {
  const release = Math.floor(at / RELEASE_FILES.length);
  return `spec-kit-template-${RELEASE_FILES[at % RELEASE_FILES.length]}-v1.${release}.0.zip`;
}
