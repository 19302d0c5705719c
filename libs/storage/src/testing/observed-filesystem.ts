import fs from 'node:fs';
import fsp, { type FileHandle } from 'node:fs/promises';

import type { FilesystemPackageStore } from '../filesystem/filesystem.driver.js';

type Operation = (...args: unknown[]) => Promise<unknown>;

/**
 * Hears of a call to the file system before it is made, with the path it concerns and, of a link or rename, the one that it makes, and of a `read` before its
 * bytes arrive; throws to make it fail, or takes its time to make it slow.
 */
export type OnCall = (call: string, path: string, to?: string) => void | Promise<void>;

/**
 * The driver once more, with every call that it makes to the file system reported (those to an open file as `fsync`,
 * `read` and `write`, synchronous ones as any other, though nothing can make those slow). It is loaded apart from the
 * driver of other tests, so its errors are of another class: tell them by their code.
 */
export async function loadObservedStore(onCall: OnCall): Promise<typeof FilesystemPackageStore> {
  const builtin = fsp as unknown as Record<string, unknown>;
  const originals = Object.entries(builtin);
  const builtinCalls = { ...fs };
  for (const [call, original] of originals) {
    if (typeof original === 'function') builtin[call] = observed(call, original as Operation, onCall);
  }
  const direct = observedDirect(builtinCalls, onCall);
  Object.assign(fs, direct);
  try {
    let loaded: typeof FilesystemPackageStore | undefined;
    await import.meta.jest.isolateModulesAsync(async () => {
      const { Logger } = await import('@nestjs/common');
      Logger.overrideLogger(false);
      ({ FilesystemPackageStore: loaded } = await import('../filesystem/filesystem.driver.js'));
    });
    if (loaded === undefined) throw new Error('the driver was not loaded');
    return loaded;
  } finally {
    for (const [call, original] of originals) builtin[call] = original;
    for (const call of Object.keys(direct))
      Object.assign(fs, { [call]: builtinCalls[call as keyof typeof fs] });
  }
}

type Call = (...args: unknown[]) => unknown;

/** Those of node:fs that the driver makes, with a file by its path or by its descriptor. */
function observedDirect(original: typeof fs, onCall: OnCall): Partial<typeof fs> {
  const paths = new Map<unknown, string>();
  const made = original as unknown as Record<string, Call>;
  const pathOf = (file: unknown): string =>
    typeof file === 'number' ? (paths.get(file) ?? '') : String(file);
  const synchronous = (call: string): Call => {
    return (...args) => {
      void onCall(call, pathOf(args[0]), call === 'link' ? String(args[1]) : undefined);
      const result = made[`${call}Sync`]?.(...args);
      if (call === 'open') paths.set(result, String(args[0]));
      return result;
    };
  };
  const withCallback = (call: string): Call => {
    return (...args) => {
      const done = args.pop() as (error: unknown, result?: unknown) => void;
      const begin = async (): Promise<void> => onCall(call, pathOf(args[0]));
      const end = (error: unknown, result?: unknown): void => {
        if (call === 'open') paths.set(result, String(args[0]));
        done(error, result);
      };
      void begin().then(() => made[call]?.(...args, end), done);
    };
  };
  return {
    ...Object.fromEntries(
      ['lstat', 'utimes', 'link', 'unlink', 'open', 'write'].map((call) => [
        `${call}Sync`,
        synchronous(call),
      ]),
    ),
    open: withCallback('open'),
    write: withCallback('write'),
    fsync: withCallback('fsync'),
  } as Partial<typeof fs>;
}

function observed(call: string, original: Operation, onCall: OnCall): Operation {
  return async (...args) => {
    const path = String(args[0]);
    await onCall(call, path, call === 'rename' || call === 'link' ? String(args[1]) : undefined);
    const result = await original(...args);
    if (call === 'open') observeFile(result as FileHandle, path, onCall);
    return result;
  };
}

function observeFile(file: FileHandle, path: string, onCall: OnCall): void {
  const sync = file.sync.bind(file);
  const write = file.write.bind(file) as (...args: unknown[]) => Promise<unknown>;
  const read = file.read.bind(file);
  const observedFile = {
    sync: async () => {
      await onCall('fsync', path);
      await sync();
    },
    write: async (...args: unknown[]) => {
      await onCall('write', path);
      return write(...args);
    },
    read: async (buffer: Buffer, offset: number, length: number, position: number | null) => {
      const own = Buffer.alloc(length);
      const { bytesRead } = await read(own, 0, length, position);
      await onCall('read', path);
      own.copy(buffer, offset, 0, bytesRead);
      return { bytesRead, buffer };
    },
  };
  Object.assign(file, observedFile);
}

/** Makes some calls fail while it is broken. */
export class FailingDisk {
  broken = false;

  constructor(
    private readonly code: string,
    private readonly concerns: (call: string, path: string) => boolean,
  ) {}

  readonly onCall: OnCall = (call, path) => {
    if (!this.broken || !this.concerns(call, path)) return;
    throw Object.assign(new Error(`${this.code}: injected, ${call} '${path}'`), {
      code: this.code,
      syscall: call,
    });
  };
}
