import { closeSync, lstatSync, openSync, readFileSync, readlinkSync, rmSync, writeSync } from 'node:fs';

/** A pid file that another live router holds, or that is no file of ours. */
export class PidFileError extends Error {}

/** The pid in the file, or null when there is no file or no pid in it. */
export function readPid(path: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

/** True while a process with this pid exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** True when the process runs the same program as this one: a pid is reused after a reboot. */
function isSameProgram(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) === readlinkSync('/proc/self/exe');
  } catch {
    return true; // not Linux, or not ours to look at: believe the file
  }
}

/** Throws PidFileError when a live router holds the file. */
export function checkPidFile(path: string): void {
  const pid = readPid(path);
  if (pid !== null && pid !== process.pid && isAlive(pid) && isSameProgram(pid)) {
    throw new PidFileError(`${path}: a router is running already, with pid ${pid}`);
  }
}

/**
 * Writes this process's pid, mode 644. A stale file is replaced; a symlink, or a file of another user, is refused, since
 * the folder may be a shared one.
 */
export function writePidFile(path: string): void {
  checkPidFile(path);
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing !== undefined) {
    const ownUser = process.getuid?.() ?? existing.uid;
    if (!existing.isFile()) throw new PidFileError(`${path}: is not a regular file`);
    if (existing.uid !== ownUser && ownUser !== 0) throw new PidFileError(`${path}: belongs to another user`);
    rmSync(path);
  }
  const file = openSync(path, 'wx', 0o644);
  try {
    writeSync(file, `${process.pid}\n`);
  } finally {
    closeSync(file);
  }
}

/** Removes the file if it still holds this process's pid. */
export function removePidFile(path: string): void {
  if (readPid(path) === process.pid) rmSync(path, { force: true });
}
