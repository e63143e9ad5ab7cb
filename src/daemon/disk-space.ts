import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** Space for the files of PM2 and of the daemon commands in a PM2 home. */
const NEEDED_BYTES = 64 * 1024;

/** Selects folders on a file system without enough blocks or inodes for the files of a daemon. */
export function foldersWithoutSpace(folders: readonly string[]): string[] {
  return [...new Set(folders)].filter((folder) => !hasSpace(folder));
}

function hasSpace(folder: string): boolean {
  try {
    const { bsize, bavail, bfree, files, ffree } = statfsSync(folder);
    const blocks = process.getuid?.() === 0 ? bfree : bavail; // the reserved ones are for root
    return blocks * bsize >= NEEDED_BYTES && (files === 0 || ffree > 0);
  } catch {
    const parent = dirname(folder);
    return parent === folder || hasSpace(parent); // the folder does not exist yet
  }
}
