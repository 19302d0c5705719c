// On what was measured, for the JSON of the results.
import { execFile } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';

import { SMALL_LOAD } from './load/small.mjs';

export async function circumstances({ against }) {
  return {
    date: new Date().toISOString(),
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model,
      memoryBytes: totalmem(),
      system: `${type()} ${release()}`,
    },
    versions: {
      node: process.version,
      nginx: (await said('nginx', '-v'))?.split('/').at(-1),
      load: SMALL_LOAD,
    },
    commit: await said('git', 'rev-parse', 'HEAD'),
    isChanged: (await said('git', 'status', '--porcelain')) !== '',
    ...(against !== undefined && {
      against: { directory: against, commit: await said('git', '-C', against, 'rev-parse', 'HEAD') },
    }),
  };
}

/** What a command says of itself, if it is there. */
async function said(command, ...parameters) {
  const { stdout, stderr } = await promisify(execFile)(command, parameters).catch(() => ({}));
  return (stdout || stderr)?.trim();
}
