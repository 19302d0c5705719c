import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { program, root, type Need } from './tools.js';

const MIB = 1024 * 1024;
/** Where distributions keep tools for root. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

export type FileSystem = 'ext4' | 'xfs';

const MAKE: Readonly<Record<FileSystem, { readonly size: number; readonly options: readonly string[] }>> = {
  ext4: { size: 256 * MIB, options: ['-q', '-F'] },
  // Less, mkfs.xfs refuses.
  xfs: { size: 320 * MIB, options: ['-q', '-f'] },
};

/** A file system in a file, whose power can be cut. */
export class LoopDisk {
  private isMounted = false;

  private constructor(
    private readonly image: string,
    readonly path: string,
  ) {}

  /** Makes and mounts one in a directory that exists. */
  static make(directory: string, kind: FileSystem): LoopDisk {
    const image = join(directory, `${kind}.image`);
    const path = join(directory, kind);
    const { size, options } = MAKE[kind];
    mkdirSync(path);
    closeSync(openSync(image, 'w'));
    truncateSync(image, size);
    run(`mkfs.${kind}`, ...options, image);
    const disk = new LoopDisk(image, path);
    disk.mount();
    return disk;
  }

  mount(): void {
    run('mount', '-o', 'loop', this.image, this.path);
    this.isMounted = true;
  }

  /** From here on nothing reaches the disk, not even what the journal holds in memory: as when the power goes. */
  cut(): void {
    run('xfs_io', '-x', '-c', 'shutdown', this.path);
  }

  /** Needs every file closed. The loop device goes with the mount. */
  unmount(): void {
    if (this.isMounted) run('umount', this.path);
    this.isMounted = false;
  }
}

/** A disk whose power can be cut. */
export const loopDisk: Need = () =>
  root() ??
  program('mount')() ??
  program('mkfs.ext4', 'e2fsprogs')() ??
  program('xfs_io', 'xfsprogs')() ??
  (canMount() ? undefined : 'loop devices cannot be mounted here');

/** Those of which there can be a disk, where {@link loopDisk} lacks nothing. */
export function fileSystems(): FileSystem[] {
  return program('mkfs.xfs', 'xfsprogs')() === undefined ? ['ext4', 'xfs'] : ['ext4'];
}

function canMount(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'loop-'));
  try {
    LoopDisk.make(directory, 'ext4').unmount();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function run(command: string, ...parameters: string[]): void {
  execFileSync(command, parameters, { stdio: 'pipe', env: { ...process.env, PATH } });
}
