import type { IncomingMessage } from 'node:http';

import { BusyError } from '../http/busy.error.js';
import { problemOf } from './problem-of.js';

it('tells clients of a server that is busy when to try again', () => {
  const request = { headers: {} } as IncomingMessage;
  expect(problemOf(new BusyError('Too many at once.', 2), request)).toEqual({
    type: { code: 'server_busy', status: 503, title: 'The server is busy' },
    detail: 'Too many at once.',
    headers: { 'Retry-After': '2' },
  });
});
