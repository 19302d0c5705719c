// Starts programs, each as the leader of a process group of its own, and reads what the group has used (Linux).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, open, readdir, readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Ticks of utime and stime in /proc/PID/stat: USER_HZ is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 60_000;

/** Leaders of groups that run; whoever interrupts a measurement wants none of them left. */
const groups = new Set();
process.once('exit', () => {
  for (const pid of groups) process.kill(-pid, 'SIGKILL');
});

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Runs a command with its output in the file `log`, until `stop()`; the others are what it has used. */
export async function run([command, ...parameters], { log, cwd, env = {}, ipc = false }) {
  const output = await open(log, 'a');
  const child = spawn(command, parameters, {
    cwd,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', output.fd, output.fd, ...(ipc ? ['ipc'] : [])],
  });
  const exited = once(child, 'exit').finally(() => groups.delete(child.pid));
  await once(child, 'spawn');
  groups.add(child.pid);
  await output.close();
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGTERM');
    const late = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), STOP_TIMEOUT_MS);
    await exited.finally(() => clearTimeout(late));
  };
  return {
    child,
    stop,
    cpuSeconds: () => cpuSeconds(child.pid),
    memoryBytes: () => memoryBytes(child.pid),
    /** Waits until it takes connections, and then, where `url` is given, until it answers that with 2xx. */
    ready: async (port, url) => {
      const isReady = async () => {
        if (!(await listens(port))) return false;
        if (url === undefined) return true;
        const response = await fetch(url).catch(() => undefined);
        await response?.arrayBuffer();
        return response?.ok ?? false;
      };
      for (const end = Date.now() + START_TIMEOUT_MS; !(await isReady()); await delay(5)) {
        if (child.exitCode === null && Date.now() < end) continue;
        throw new Error(`${command} is not ready: ${await readFile(log, 'utf8')}`);
      }
    },
  };
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** User and system time of all processes of a group so far. */
async function cpuSeconds(group) {
  let ticks = 0;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The name of the program, in parentheses, may have anything in it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(fields[2]) === group) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_SECOND;
}

/** What the leader of a group has in memory now, and had at most. */
async function memoryBytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (key) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)[1]) * 1024;
  return { now: of('VmRSS'), peak: of('VmHWM') };
}

export async function hasCommand(name) {
  const { PATH = '' } = process.env;
  const found = PATH.split(':').map((directory) =>
    access(join(directory, name), constants.X_OK).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(found)).includes(true);
}
