import { setTimeout as delay } from 'node:timers/promises';

/** Waits until the condition holds; throws after a minute. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('waited a minute in vain');
    await delay(20);
  }
}
