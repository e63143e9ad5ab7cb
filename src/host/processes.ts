import { readFileSync, readlinkSync, statSync } from 'node:fs';

/** The kernel reports process times in ticks of 1/100 s, on every Linux. */
const TICK_MS = 10;
/** Start times and file times are rounded, to a tick and to a second. */
const ROUNDING_MS = 2000;

/** The pid in a file, or null when the file is missing or holds no pid. */
export function readPid(path: string): number | null {
  const pid = Number.parseInt(attempt(() => readFileSync(path, 'utf8')) ?? '', 10);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}

/** True while a process with this pid runs, whichever user owns it. A zombie has ended, though its pid still exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return stateOf(pid) !== 'Z';
}

/** True when the process is a router: after a reboot another program may have its pid. */
export function isRouter(pid: number): boolean {
  const commandLine = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  return commandLine === null || /\/main\.[jt]s(\0|$)|rpc[-_]dart[-_]router(\0|$)/.test(commandLine);
}

/** True when the process runs the same executable as this one, or when that cannot be read. */
export function isSameProgram(pid: number): boolean {
  const [theirs, ours] = [
    attempt(() => readlinkSync(`/proc/${pid}/exe`)),
    attempt(() => readlinkSync('/proc/self/exe')),
  ];
  return theirs === null || ours === null || theirs === ours;
}

/** True when file and process have the same owner: in a shared folder, any user can write the pid of another's process. */
export function hasSameOwner(path: string, pid: number): boolean {
  const fileOwner = attempt(() => statSync(path).uid);
  const processOwner = attempt(() => statSync(`/proc/${pid}`).uid);
  return processOwner === null || processOwner === fileOwner;
}

/** Start time of a process; two processes with the same pid differ in it. Null when unknown. */
export function startOf(pid: number): string | null {
  const ticks = fieldsOf(pid)?.[19];
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  return ticks === undefined || boot === null ? null : `${boot.trim()}:${ticks}`;
}

/** Uptime of a process; null when it does not run or /proc is not available. */
export function processUptimeMs(pid: number): number | null {
  const started = fieldsOf(pid)?.[19];
  const uptime = attempt(() => readFileSync('/proc/uptime', 'utf8'));
  if (started === undefined || uptime === null) return null;
  return Math.max(0, Math.round(Number.parseFloat(uptime) * 1000 - Number(started) * TICK_MS));
}

/** True when the process started before the file was written, so that it may have written it. False when unknown. */
export function isOlderThan(pid: number, path: string): boolean {
  return startRelativeTo(pid, path) === 'before';
}

/** True when the process started after the file was written: it reuses the pid of an earlier one. False when unknown. */
export function isYoungerThan(pid: number, path: string): boolean {
  return startRelativeTo(pid, path) === 'after';
}

function startRelativeTo(pid: number, path: string): 'before' | 'after' | 'unknown' {
  const uptimeMs = processUptimeMs(pid);
  const writtenAt = attempt(() => statSync(path).mtimeMs);
  if (uptimeMs === null || writtenAt === null) return 'unknown';
  return Date.now() - uptimeMs <= writtenAt + ROUNDING_MS ? 'before' : 'after';
}

/** Resident memory of a process; null when it does not run or /proc is not available. */
export function processMemoryBytes(pid: number): number | null {
  const status = attempt(() => readFileSync(`/proc/${pid}/status`, 'utf8'));
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(status ?? '')?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** The kernel's state letter: `R` running, `S` sleeping, `T` stopped, `Z` zombie; null when unknown. */
export function stateOf(pid: number): string | null {
  return fieldsOf(pid)?.[0] ?? null;
}

/** The fields of /proc/PID/stat after the command name, which may contain any character. */
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
