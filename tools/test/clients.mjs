// Runs real clients against the build: each is installed by its own package manager, once, into a cache.
//   npm run test:clients                         all
//   npm run test:clients -- gh octokit           those only
//   npm run test:clients -- --quick              none that would have to be built first, which takes minutes
//   CLIENTS_CACHE=DIR npm run test:clients       where they are installed
//   CLIENTS_RECORD=FILE npm run test:clients     appends what they asked and were answered, a line of JSON each
import { CLIENTS, PLACES_VARIABLE } from '../../apps/release-server/test/clients/support/clients.ts';
import { install, Missing } from '../../apps/release-server/test/clients/support/install.ts';
import { jest } from './jest.mjs';

const quick = process.argv.includes('--quick');
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const unknown = wanted.find((name) => !(name in CLIENTS));
if (unknown !== undefined) {
  console.error(`clients.mjs: there is no client ${unknown}, but ${Object.keys(CLIENTS).join(', ')}`);
  process.exit(2);
}

const names = Object.keys(CLIENTS).filter((name) => wanted.length === 0 || wanted.includes(name));
const places = {};
for (const name of names) {
  try {
    places[name] = await install(name, CLIENTS[name], quick);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.log(`skip  ${name}: ${error.message}`);
  }
}
process.exitCode = await jest(
  [
    '--config=apps/release-server/test/clients/jest.config.js',
    '--passWithNoTests',
    ...names.map((name) => `/clients/${name}\\.clients-spec`),
  ],
  { [PLACES_VARIABLE]: JSON.stringify(places) },
);
