import { jest } from '@jest/globals';
import { rm } from 'node:fs/promises';

import { PackageStore } from '#storage';

import { get, json } from './support/client.js';
import { withServer } from './support/server.js';

it('answers probes with OK as text, and with the result of Terminus as JSON', () =>
  withServer({}, async (server) => {
    for (const path of ['/healthz', '/readyz']) {
      const text = await get(server, path, { Accept: '*/*' });
      expect([text.status, await text.text()]).toEqual([200, 'OK']);
      expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
      const result = await get(server, path, { Accept: 'application/json' });
      expect(await json(result)).toMatchObject({ status: 'ok' });
    }
  }));

it('is alive but not ready while the directory takes no writes, and tells no path', () =>
  withServer({}, async (server) => {
    await rm(`${server.directory}/.release-server`, { recursive: true });
    const ready = await get(server, '/readyz');
    expect([ready.status, await ready.text()]).toEqual([503, 'storage: the storage does not take writes']);
    const result = await get(server, '/readyz', { Accept: 'application/json' });
    expect(result.status).toBe(503);
    expect(await result.text()).not.toContain(server.directory);
    expect((await get(server, '/healthz')).status).toBe(200);
    expect((await get(server, '/latest')).status).toBe(200);
  }));

it('is not ready while less than the minimum of space is free', () =>
  withServer({ min_free_space: '1000000GiB' }, async (server) => {
    expect((await get(server, '/readyz')).status).toBe(503);
  }));

it('probes the disk once a second, however often it is asked', () =>
  withServer({}, async (server) => {
    const store = server.app.get(PackageStore, { strict: false });
    const probe = jest.spyOn(store, 'probe');
    await Promise.all(Array.from({ length: 50 }, () => get(server, '/readyz')));
    expect(probe.mock.calls.length).toBeLessThanOrEqual(2);
  }));
