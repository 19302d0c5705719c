import { element } from '../dom.js';
import type { DigestMessage } from '../digest.worker.js';
import { Failure, UNREADABLE } from './problem.js';

/** As the page was loaded: its address may be another by the time that this is needed. */
const WORKER = new URL(element('#script').dataset['digestWorker'] ?? '', document.baseURI);

/**
 * The SHA-256 of a file in hexadecimal, computed in a worker as the file is read.
 *
 * @param progress - Called with the bytes that are read by now.
 */
export function digestOf(file: File, progress: (done: number) => void, signal: AbortSignal): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    signal.throwIfAborted();
    const worker = new Worker(WORKER, { type: 'module' });
    const end = (): void => worker.terminate();
    worker.addEventListener('message', ({ data }: MessageEvent<DigestMessage>) => {
      if ('done' in data) {
        progress(data.done);
        return;
      }
      end();
      if ('sha256' in data) resolve(data.sha256);
      else reject(new Failure(UNREADABLE));
    });
    worker.addEventListener('error', ({ message }) => {
      end();
      reject(new Failure({ title: 'The digest cannot be computed', detail: message, again: true }));
    });
    signal.addEventListener('abort', () => {
      end();
      reject(signal.reason as Error);
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
    worker.postMessage(file);
  });
}
