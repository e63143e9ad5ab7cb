import { readFileSync } from 'node:fs';

/** True for a process with the title of the PM2 daemon. Other programs must not get SIGUSR2: it ends them without a handler. */
export function isPm2(pid: number): boolean {
  if (pid <= 1) return false;
  try {
    return /^PM2 v\d/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return false;
  }
}
