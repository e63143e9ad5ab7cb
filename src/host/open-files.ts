import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Descriptors that a router needs besides those of its connections. */
const OTHER_DESCRIPTORS = 64;

/** Open files that a router with `maxConnections` needs. */
export function openFilesNeeded(maxConnections: number): number {
  return maxConnections + OTHER_DESCRIPTORS;
}

/** The soft limit on open files of a process, or null when it is unknown or unlimited. */
export function openFilesLimit(pid: number | 'self' = 'self', procFolder = '/proc'): number | null {
  try {
    const text = readFileSync(join(procFolder, String(pid), 'limits'), 'utf8');
    const limit = /^Max open files\s+(\d+)/m.exec(text)?.[1];
    return limit === undefined ? null : Number(limit);
  } catch {
    return null;
  }
}
