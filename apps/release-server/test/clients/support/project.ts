import { join } from 'node:path';

import { run } from './client.js';
import { REPOSITORY, type Site } from './site.js';

/** A git repository with one commit, as a tool that makes releases wants it, whose `origin` is a bare one beside it. */
export interface Project {
  readonly directory: string;
  /** For `git` and what runs it. */
  readonly environment: Record<string, string>;
  readonly git: (...parameters: string[]) => Promise<string>;
}

const PERSON = { NAME: 'Someone', EMAIL: 'someone@example.org' };

/** @param origin - How `origin` is written; git takes the bare repository for it. */
export async function makeProject(
  site: Site,
  origin: string,
  files: Record<string, string>,
): Promise<Project> {
  const directory = join(site.directory, 'project');
  const bare = join(site.directory, `${REPOSITORY}.git`);
  const environment = {
    ...site.environment,
    GIT_CONFIG_GLOBAL: await site.write('gitconfig', `[url "${bare}"]\n\tinsteadOf = ${origin}\n`),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: PERSON.NAME,
    GIT_AUTHOR_EMAIL: PERSON.EMAIL,
    GIT_COMMITTER_NAME: PERSON.NAME,
    GIT_COMMITTER_EMAIL: PERSON.EMAIL,
  };
  for (const [file, content] of Object.entries(files)) await site.write(join('project', file), content);
  const git = (...parameters: string[]): Promise<string> =>
    run('git', parameters, { cwd: directory, env: environment });
  await git('init', '--quiet', '--bare', '--initial-branch=main', bare);
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', origin);
  await git('add', '.');
  await git('commit', '--quiet', '--message', 'feat: begin');
  await git('push', '--quiet', '--set-upstream', 'origin', 'main');
  return { directory, environment, git };
}
