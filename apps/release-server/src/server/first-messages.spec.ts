import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { keepFirstMessages } from './first-messages.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** How many of the requests and responses of so many exchanges are there after a collection. */
async function leftOf(exchanges: number): Promise<number> {
  const server = new EventEmitter();
  keepFirstMessages(server as Server);
  const exchange = (): WeakRef<object>[] => {
    const [request, response] = [{}, {}];
    server.emit('request', request, response);
    return [new WeakRef(request), new WeakRef(response)];
  };
  const refs = Array.from({ length: exchanges }, exchange).flat();
  await turn();
  collect();
  const left = refs.filter((ref) => ref.deref() !== undefined).length;
  // Until here the server is there as well, to which what is kept belongs.
  server.removeAllListeners();
  return left;
}

describe('the first requests and responses of a server', () => {
  // Mutant: nothing is kept.
  it('are kept while later ones are made after their model', async () => {
    expect(await leftOf(7)).toBe(14);
    expect(await leftOf(15)).toBe(30);
  });

  // Mutant: they are kept for ever.
  it('are let go of when there were enough', async () => {
    expect(await leftOf(16)).toBe(0);
    expect(await leftOf(40)).toBe(0);
  });
});
