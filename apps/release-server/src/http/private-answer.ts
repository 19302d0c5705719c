import type { ServerResponse } from 'node:http';

import onHeaders from 'on-headers';
import vary from 'vary';

/**
 * Keeps an answer that turns out to be for its asker alone from caches that several people share (RFC 9111 §5.2.2.7),
 * whatever else its handler says of caching.
 */
export function keepPrivate(response: ServerResponse, { isPrivate }: { isPrivate: () => boolean }): void {
  onHeaders(response, () => {
    if (!isPrivate()) return;
    const control = String(response.getHeader('Cache-Control') ?? 'no-cache');
    const said = control.split(',').map((one) => one.trim());
    const kept = said.filter((one) => !/^(?:public|private|s-maxage)\b/i.test(one));
    response.setHeader(
      'Cache-Control',
      kept.includes('no-store') ? 'no-store' : ['private', ...kept].join(', '),
    );
    vary(response, 'Authorization');
  });
}
