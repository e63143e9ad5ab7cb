import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** PM2 and the daemon commands keep this much in a PM2 home. */
const NEEDED_BYTES = 64 * 1024;

/** Those of the folders whose file system has no room for the files of a daemon, for blocks or for inodes. */
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
    return parent === folder || hasSpace(parent); // it does not exist yet
  }
}
