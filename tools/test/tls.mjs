// The end-to-end suites of what depends on connections, over TLS:
//   npm run test:tls
import { jest } from './jest.mjs';

const SUITES = [
  'body-as-sent',
  'checksums',
  'connections',
  'download',
  'feed',
  'github-api',
  'http',
  'list',
  'process',
  'publish',
  'read-path',
  'release-writes',
  'releases',
  'token',
];

const pattern = `apps/release-server/test/(${SUITES.join('|')})\\.e2e-spec`;
process.exitCode = await jest([...process.argv.slice(2), pattern], { TEST_TLS: '1' });
