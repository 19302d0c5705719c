import { setTimeout as delay } from 'node:timers/promises';

/** Waits until the condition holds; throws after 25 seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 25_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('waited 25 s in vain');
    await delay(20);
  }
}
