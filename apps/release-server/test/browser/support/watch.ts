import type { BrowserContext } from 'playwright-core';

/** What the browser says in the console of a status that the answers tell as well. */
const STATUS_MESSAGE = 'Failed to load resource: the server responded with a status of';
/** The end of a connection that a test breaks off, and what the browser says of it in the console. */
export const BROKEN = 'net::ERR_CONNECTION_RESET';
const BROKEN_MESSAGE = `Failed to load resource: ${BROKEN}`;

/**
 * Notes what no page of this server may do, whatever is tested: ask another origin, break its policy, fail to load
 * something, log an error, throw one, or open a dialog of the browser. `expected` are the error statuses that a test
 * provokes, and `BROKEN`.
 */
export async function watch(
  context: BrowserContext,
  origin: string,
  expected: readonly (number | typeof BROKEN)[],
): Promise<readonly string[]> {
  const faults: string[] = [];
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'blob:' && url.origin !== origin) faults.push(`asked ${request.url()}`);
  });
  context.on('response', (response) => {
    const status = response.status();
    if (status >= 400 && !expected.includes(status)) faults.push(`got ${status} from ${response.url()}`);
  });
  context.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    // Of downloads, and of what somebody cancelled or overtook.
    const isExpected = reason === 'net::ERR_ABORTED' || (reason === BROKEN && expected.includes(BROKEN));
    if (!isExpected) faults.push(`could not load ${request.url()}: ${reason}`);
  });
  context.on('console', (message) => {
    const text = message.text();
    if (text === BROKEN_MESSAGE && expected.includes(BROKEN)) return;
    if (['error', 'warning'].includes(message.type()) && !text.startsWith(STATUS_MESSAGE))
      faults.push(`the console says: ${text}`);
  });
  context.on('weberror', (error) => faults.push(`threw ${error.error().message}`));
  context.on('dialog', (dialog) => {
    faults.push(`opened a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await context.exposeFunction('reportViolation', (violation: string) =>
    faults.push(`broke its policy: ${violation}`),
  );
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      (window as unknown as { reportViolation: (text: string) => void }).reportViolation(
        `${violatedDirective} by ${blockedURI}`,
      );
    });
  });
  return faults;
}
