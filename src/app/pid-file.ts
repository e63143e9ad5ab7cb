import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { explainSystemError, Problems } from '../text/index.ts';

/** A pid file that another live router holds, or that is no file of ours. */
export class PidFileError extends Problems {}

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

/** Clock ticks per second in /proc, on every Linux. */
const TICKS_PER_SECOND = 100;
/** The times compared are rounded, to a second and to a tick. */
const ROUNDING_MS = 2000;

/** True when the process began after the file was written: it was given the pid of one that is gone. */
function isYounger(pid: number, path: string): boolean {
  try {
    const bootedAt = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]) * 1000;
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const startedAt = bootedAt + (Number(fields[19]) / TICKS_PER_SECOND) * 1000;
    return startedAt > statSync(path).mtimeMs + ROUNDING_MS;
  } catch {
    return false; // not Linux: believe the file
  }
}

/** Throws PidFileError when a live router holds the file, or when it cannot be written. */
export function checkPidFile(path: string): void {
  checkFolder(path);
  const pid = readPid(path);
  if (pid !== null && pid !== process.pid && isAlive(pid) && isSameProgram(pid) && !isYounger(pid, path)) {
    throw new PidFileError({
      en: `${path}: a router is running already, with pid ${pid}`,
      ru: `${path}: роутер уже запущен, его PID: ${pid}`,
    });
  }
}

/** Before anything is opened: the control socket in the same folder fails with another error for the same cause. */
function checkFolder(path: string): void {
  const folder = dirname(resolve(path));
  try {
    if (!statSync(folder).isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { en, ru } = explainSystemError(error);
    throw new PidFileError({
      en: `${path}: the folder ${folder} is not usable: ${en}; create it or choose another --pid-file`,
      ru: `${path}: папка ${folder} недоступна: ${ru}; создайте её или выберите другой --pid-file`,
    });
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
    if (!existing.isFile()) throw notOurs(path, 'is not a regular file', 'это не обычный файл');
    if (existing.uid !== ownUser && ownUser !== 0)
      throw notOurs(path, 'belongs to another user', 'принадлежит другому пользователю');
    rmSync(path);
  }
  try {
    writeWhole(path, `${process.pid}\n`);
  } catch (error) {
    const { en, ru } = explainSystemError(error);
    throw new PidFileError({ en: `${path}: cannot be written: ${en}`, ru: `${path}: не записывается: ${ru}` });
  }
}

/** Makes the file with all of the text in it; an empty one is not left behind on a full disk. */
function writeWhole(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o644);
  try {
    writeFileSync(file, text);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function notOurs(path: string, en: string, ru: string): PidFileError {
  return new PidFileError({
    en: `${path}: ${en}; remove it or choose another --pid-file`,
    ru: `${path}: ${ru}; удалите его или выберите другой --pid-file`,
  });
}

/** Removes the file if it still holds this process's pid. */
export function removePidFile(path: string): void {
  if (readPid(path) === process.pid) rmSync(path, { force: true });
}
