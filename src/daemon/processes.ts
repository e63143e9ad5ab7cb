import { readFileSync, statSync } from 'node:fs';

/** The pid in a file, or null when there is none. */
export function readPid(path: string): number | null {
  const pid = Number.parseInt(attempt(() => readFileSync(path, 'utf8')) ?? '', 10);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}

/** True while a process with this pid exists and has not ended, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return stateOf(pid) !== 'Z';
}

/** True when the process is a router, and not another program that got the pid of one: pids are used again. */
export function isRouter(pid: number): boolean {
  const commandLine = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  return commandLine === null || /\/main\.[jt]s(\0|$)|rpc[-_]dart[-_]router(\0|$)/.test(commandLine);
}

/** True when a process wrote the file itself: in a shared folder, somebody may name the process of somebody else. */
export function hasSameOwner(path: string, pid: number): boolean {
  const fileOwner = attempt(() => statSync(path).uid);
  const processOwner = attempt(() => statSync(`/proc/${pid}`).uid);
  return processOwner === null || processOwner === fileOwner;
}

/** When a process was started: of two with the same pid, one after the other, it differs. Null when unknown. */
export function startOf(pid: number): string | null {
  const ticks = fieldsOf(pid)?.[19];
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  return ticks === undefined || boot === null ? null : `${boot.trim()}:${ticks}`;
}

/** How long a process runs, by the kernel; null when it does not. */
export function processUptimeMs(pid: number): number | null {
  const started = fieldsOf(pid)?.[19];
  const uptime = attempt(() => readFileSync('/proc/uptime', 'utf8'));
  if (started === undefined || uptime === null) return null;
  return Math.max(0, Math.round(Number.parseFloat(uptime) * 1000 - Number(started) * TICK_MS));
}

/** True for a process that ran when the file was written: it may be the one that wrote it. */
export function isOlderThan(pid: number, path: string): boolean {
  const uptimeMs = processUptimeMs(pid);
  const writtenAt = attempt(() => statSync(path).mtimeMs);
  return uptimeMs !== null && writtenAt !== null && Date.now() - uptimeMs <= writtenAt + ROUNDING_MS;
}

/** Memory that a process holds, by the kernel; null when it does not run. */
export function processMemoryBytes(pid: number): number | null {
  const status = attempt(() => readFileSync(`/proc/${pid}/status`, 'utf8'));
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(status ?? '')?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** The kernel counts a hundred ticks a second for programs, on every Linux. */
const TICK_MS = 10;
/** The times compared are rounded, to a second and to a tick. */
const ROUNDING_MS = 2000;

/** `R`, `S`, `T` when stopped, `Z` when ended and not yet waited for; null when unknown. */
export function stateOf(pid: number): string | null {
  return fieldsOf(pid)?.[0] ?? null;
}

/** The fields of /proc/PID/stat behind the command's name, which may hold anything. */
function fieldsOf(pid: number): string[] | null {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
