// Also imported by scripts that Node runs as they are: nothing here that it could not strip.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** What the screenshots of the README show, and beside them what they were taken of, as {@link likenessOf} has it. */
export const IMAGES = 'docs/images';
export const LIKENESS = `${IMAGES}/packages.sha256`;

/** Of a server whose screenshots are the same on every machine. */
export const SEEDED = { PUBLIC_URL: 'https://releases.example.com' };

/** Fills a directory with what `npm run seed` publishes. */
export async function seed(directory: string): Promise<void> {
  await promisify(execFile)(process.execPath, ['tools/seed/main.mjs'], {
    env: { CONFIG_PATH: '/dev/null', STORAGE_PATH: directory },
  });
}

/**
 * A digest of all that decides how the page of such a server looks: its HTML and style. Ages and the version are left
 * out, and so are sizes and digests, for zlib does not compress alike on all machines.
 */
export async function likenessOf(url: string): Promise<string> {
  const page = await text(`${url}/packages`);
  const style = /[\w./-]+\.css/.exec(page)?.[0] ?? '';
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  const shown = page
    .replace(/<(time|data)\b[^>]*>[^<]*/g, '<$1>')
    .replace(/\b[0-9a-f]{12,64}\b/g, '')
    .replace(/static\/[\w.-]+/g, 'static')
    .replaceAll(version, '');
  return createHash('sha256')
    .update(shown)
    .update(await text(new URL(style, `${url}/packages`)))
    .digest('hex');
}

async function text(address: string | URL): Promise<string> {
  return (await fetch(address, { headers: { Accept: 'text/html' } })).text();
}
