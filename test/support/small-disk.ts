import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TempFolder } from './temp.ts';

/** A mounted file system of a few kilobytes, for tests of a full disk. */
export class SmallDisk implements Disposable {
  readonly path: string;

  /** Mounts it at `path`, which is created. `size` as in tmpfs: `64k`. */
  constructor(path: string, size: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'none', path]);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Fills the disk except for this much space. */
  fill(freeKiB: number): void {
    const { bfree, bsize } = statfsSync(this.path);
    writeFileSync(this.file('filler'), Buffer.alloc(bfree * bsize - freeKiB * 1024));
  }

  /** Frees the space again. */
  empty(): void {
    rmSync(this.file('filler'), { force: true });
  }

  [Symbol.dispose](): void {
    this.empty();
    execFileSync('umount', ['--lazy', this.path]);
  }
}

/** Skip reason of tests with a SmallDisk, or false. */
export function whyNoSmallDisk(): string | false {
  using folder = new TempFolder();
  if (spawnSync('mount', ['-t', 'tmpfs', 'none', folder.path]).status !== 0)
    return 'it needs root, to mount a small disk';
  spawnSync('umount', [folder.path]);
  return false;
}
