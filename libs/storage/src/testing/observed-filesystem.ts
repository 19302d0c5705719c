import fsp, { type FileHandle } from 'node:fs/promises';

import type { FilesystemPackageStore } from '../filesystem/filesystem.driver.js';

type Operation = (...args: unknown[]) => Promise<unknown>;

/** Hears of a call to the file system before it is made, with the path it concerns; throws to make it fail. */
export type OnCall = (call: string, path: string) => void | Promise<void>;

/**
 * The driver once more, with every call that it makes to the file system reported before it is made (an fsync
 * as `fsync`). It is loaded apart from the driver of other tests, so its errors are of another class: tell
 * them by their code.
 */
export async function loadObservedStore(onCall: OnCall): Promise<typeof FilesystemPackageStore> {
  const builtin = fsp as unknown as Record<string, unknown>;
  const originals = Object.entries(builtin);
  for (const [call, original] of originals) {
    if (typeof original === 'function') builtin[call] = observed(call, original as Operation, onCall);
  }
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
  }
}

function observed(call: string, original: Operation, onCall: OnCall): Operation {
  return async (...args) => {
    const path = String(args[0]);
    await onCall(call, path);
    const result = await original(...args);
    if (call === 'open') observeSync(result as FileHandle, path, onCall);
    return result;
  };
}

function observeSync(file: FileHandle, path: string, onCall: OnCall): void {
  const sync = file.sync.bind(file);
  file.sync = async () => {
    await onCall('fsync', path);
    await sync();
  };
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
