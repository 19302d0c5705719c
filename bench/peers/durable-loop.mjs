// The system calls of a durable publish and nothing else: create, write, fsync, close, link, unlink, fsync of the
// directory, by so many threads at once. Says as JSON how many a second and the CPU time.
//   node durable-loop.mjs DIRECTORY BYTES PUBLISHES THREADS
import { once } from 'node:events';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

function publish({ directory, bytes, publishes, thread }) {
  const content = Buffer.alloc(bytes, 'x');
  const incoming = join(directory, '.incoming');
  const folder = openSync(directory, 'r');
  for (let at = 0; at < publishes; at++) {
    const name = `${thread}-${at}`;
    const staged = join(incoming, name);
    const fd = openSync(staged, 'wx');
    writeSync(fd, content);
    fsyncSync(fd);
    closeSync(fd);
    linkSync(staged, join(directory, name));
    unlinkSync(staged);
    fsyncSync(folder);
  }
}

if (isMainThread) {
  const [directory, ...numbers] = process.argv.slice(2);
  const [bytes, publishes, threads] = numbers.map(Number);
  mkdirSync(join(directory, '.incoming'), { recursive: true });
  const each = Math.ceil(publishes / threads);
  const workers = Array.from({ length: threads }, (_, thread) => {
    return new Worker(new URL(import.meta.url), {
      workerData: { directory, bytes, publishes: each, thread },
    });
  });
  await Promise.all(workers.map((worker) => once(worker, 'online')));
  const before = process.cpuUsage();
  const start = performance.now();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that of windows
  for (const worker of workers) worker.postMessage('go');
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const requests = each * threads;
  const cpuSeconds = (user + system) / 1e6;
  process.stdout.write(JSON.stringify({ requests, seconds, bytes: requests * bytes, cpuSeconds }));
} else {
  parentPort.once('message', () => publish(workerData));
}
