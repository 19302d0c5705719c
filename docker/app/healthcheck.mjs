// The image's health check: asks /healthz where the configuration says that the server listens. Exits with 1 if that fails.
import { get as getPlainly } from 'node:http';
import { get as getSecurely } from 'node:https';

import { loadConfig } from './node_modules/release-server/dist/apps/release-server/src/config/config.loader.js';
import { configSchema } from './node_modules/release-server/dist/apps/release-server/src/config/config.schema.js';

const TIMEOUT = 4_000;
// Node takes IPv4 on :: too, and a container need not have IPv6.
const ANY_ADDRESS = new Set(['0.0.0.0', '::']);

function fail(reason) {
  console.error(reason);
  process.exit(1);
}

try {
  const { host, port, tls } = loadConfig(configSchema);
  const address = ANY_ADDRESS.has(host) ? '127.0.0.1' : host;
  if (port === 0) fail('port 0 is another one at each start: it cannot be checked');
  const get = tls === undefined ? getPlainly : getSecurely;
  // Whether it answers; its certificate is for other names than this address.
  const options = { path: '/healthz', timeout: TIMEOUT, agent: false, rejectUnauthorized: false };
  get({ ...options, host: address, port }, (response) => {
    if (response.statusCode !== 200) fail(`/healthz on port ${port} answered ${response.statusCode}`);
    process.exit(0);
  })
    .on('timeout', () => fail(`/healthz on port ${port} did not answer within ${TIMEOUT} ms`))
    .on('error', (error) => fail(`/healthz on port ${port}: ${error.message}`));
} catch (error) {
  fail(error.message);
}
