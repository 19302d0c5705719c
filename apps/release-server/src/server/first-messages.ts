import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** V8 goes by the first seven objects of a class; requests and responses of connections that end early count too. */
const FIRST = 16;

/**
 * Keeps the first requests and responses until there are enough of them. V8 gives all objects of a class as much room as
 * its first ones have got properties. Where those are collected meanwhile, as in a start with thousands of packages, it
 * sees none, and all later ones are hash tables: for as long as the process runs, each small answer costs half as much
 * again.
 */
export function keepFirstMessages(server: Server): void {
  const kept: unknown[] = [];
  const keep = (request: IncomingMessage, response: ServerResponse): void => {
    if (kept.push([request, response]) < FIRST) return;
    kept.length = 0;
    server.off('request', keep);
  };
  server.on('request', keep);
}
