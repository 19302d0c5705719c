const queue: (() => void)[] = [];
let isScheduled = false;

/**
 * Calls back in a turn of the event loop of its own, in the order of the calls: what a client sends in large amounts
 * is dealt with piece by piece, between what the others want.
 */
export function inTurn(callback: () => void): void {
  queue.push(callback);
  schedule();
}

function schedule(): void {
  if (isScheduled || queue.length === 0) return;
  isScheduled = true;
  setImmediate(() => {
    isScheduled = false;
    const callback = queue.shift();
    schedule();
    callback?.();
  });
}
