import { readFileSync } from 'node:fs';

/** True for a process that calls itself PM2, as its daemon does: SIGUSR2 ends a program that has no handler for it. */
export function isPm2(pid: number): boolean {
  if (pid <= 1) return false;
  try {
    return /^PM2 v\d/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return false;
  }
}
