import { symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { Markdown } from '../../support/markdown.js';
import { TOKEN } from '../../support/server.js';
import { run } from './client.js';
import type { ClientName } from './clients.js';
import type { Site } from './site.js';

const GUIDE = 'docs/clients.md';
/** How the guide writes the host of the server, which has TLS there. */
const SHOWN_HOST = 'releases.example.org';

export interface RecipeOptions {
  /** Where it is run, for another directory than that of the site. */
  readonly cwd?: string;
  /** The directory that has the commands of the client. */
  readonly commands?: string;
  /** The directory whose `node_modules` its programs import. */
  readonly modules?: string;
  readonly env?: Record<string, string>;
  /** Of what is run, where it is not `sh`. */
  readonly language?: string;
}

/** Does what the guide shows for a client, word for word but for the address of the server, and returns what it prints. */
export async function runRecipe(
  site: Site,
  client: ClientName,
  options: RecipeOptions = {},
): Promise<string> {
  const { cwd = site.directory, commands, modules, env = {}, language } = options;
  const script = recipesOf(site, client, language).join('\n');
  if (modules !== undefined) await symlink(join(modules, 'node_modules'), join(cwd, 'node_modules'));
  const path = [commands, process.env['PATH']].filter((part) => part !== undefined).join(':');
  return run('bash', ['-euo', 'pipefail', '-c', script], {
    cwd,
    env: { ...site.environment, TOKEN, ...env, PATH: path },
  });
}

/** What the guide shows for a client in a language, with the address of the server. */
export function recipesOf(site: Site, client: ClientName, language = 'sh'): string[] {
  const shown = new Markdown(GUIDE).blocks.filter(({ info }) => info === `${language} ${client}`);
  expect(shown).not.toHaveLength(0);
  return shown.map(({ text }) =>
    text.replaceAll(`https://${SHOWN_HOST}`, site.url).replaceAll(SHOWN_HOST, site.host),
  );
}
