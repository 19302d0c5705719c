/** Computes a SHA-256 apart from the page. */
postMessage(undefined);
