import { Logger } from '@nestjs/common';

import { originOf, type PackageEvent } from './package-event.js';
import { PackageEvents } from './package-events.js';

function published(name: string): PackageEvent {
  const stored = { name, size: 1, createdAt: 1, sha256: undefined, revision: name };
  return { type: 'package.published', package: stored, ...originOf({ name: 'anna' }) };
}

describe('PackageEvents', () => {
  const logged: unknown[] = [];
  const ignore = (): void => undefined;

  beforeAll(() => {
    Logger.overrideLogger({
      log: ignore,
      warn: ignore,
      error: (fields: unknown) => void logged.push(fields),
    });
  });

  afterAll(() => {
    Logger.overrideLogger(false);
  });

  it('tell every listener at once and in order, whatever another one does', async () => {
    const events = new PackageEvents();
    const heard: string[] = [];
    events.subscribe(() => {
      throw new Error('throws');
    });
    events.subscribe(async () => Promise.reject(new Error('rejects')));
    events.subscribe(async () => new Promise(() => undefined));
    const end = events.subscribe(
      (event) => void heard.push('package' in event ? event.package.name : event.tag),
    );

    for (const name of ['a', 'b']) events.say(published(name));
    expect(heard).toEqual(['a', 'b']);
    end();
    events.say(published('c'));
    await new Promise(setImmediate);

    expect(heard).toEqual(['a', 'b']);
    const messages = logged.map((fields) => (fields as { err: Error }).err.message);
    expect(messages.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      ...Array<string>(3).fill('rejects'),
      ...Array<string>(3).fill('throws'),
    ]);
  });
});
