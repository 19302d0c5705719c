import { Failure, UNREACHABLE, UNREADABLE, type Answer } from './problem.js';

/**
 * Sends a file with PUT and resolves with whatever is answered. An XMLHttpRequest, since fetch does not tell how far a
 * body is.
 *
 * @param progress - Called with the bytes that are sent by now.
 */
export function sendFile(
  address: URL,
  file: File,
  headers: Readonly<Record<string, string>>,
  progress: (done: number) => void,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    request.open('PUT', address);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', ({ loaded }) => progress(loaded));
    request.addEventListener('load', () => {
      const { status, responseText: text } = request;
      resolve({ status, text, etag: request.getResponseHeader('ETag') });
    });
    request.addEventListener('error', () => void whyBroken(file).then(reject));
    signal.addEventListener('abort', () => {
      request.abort();
      reject(signal.reason as Error);
    });
    request.send(file);
  });
}

/** A browser breaks off too where the file is not the one any more that was chosen. */
async function whyBroken(file: File): Promise<Failure> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return new Failure(UNREACHABLE);
  } catch {
    return new Failure(UNREADABLE);
  }
}
