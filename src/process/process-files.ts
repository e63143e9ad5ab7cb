import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isAlive, isSameProgram, isYoungerThan, readPid } from '../host/index.ts';
import { explainSystemError, Problems } from '../text/index.ts';

/** A pid file that another running router holds, or that must not be replaced. */
export class PidFileError extends Problems {}

/** Throws PidFileError when the file names a live process that may have written it, or when it cannot be written. */
export function checkPidFile(path: string): void {
  checkFolder(path);
  const pid = readPid(path);
  if (pid === null || pid === process.pid || !isAlive(pid) || isYoungerThan(pid, path)) return;
  if (isSameProgram(pid)) {
    throw new PidFileError({
      en: `${path}: a router is running already, with pid ${pid}`,
      ru: `${path}: роутер уже запущен, его PID: ${pid}`,
    });
  }
  throw new PidFileError({
    en: `${path}: holds the pid ${pid} of another running program; remove the file or choose another --pid-file`,
    ru: `${path}: записан PID ${pid} другой работающей программы; удалите файл или выберите другой --pid-file`,
  });
}

/** Checked first, because the control socket in the same folder would fail with a less helpful error. */
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
 * Writes this process's pid, mode 644. Replaces a stale file; refuses a symlink and a file of another user, because the
 * folder may be a shared one such as /tmp.
 */
export function writePidFile(path: string): void {
  checkPidFile(path);
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing !== undefined) {
    const ownUser = process.getuid?.() ?? existing.uid;
    if (!existing.isFile()) throw refused(path, 'is not a regular file', 'это не обычный файл');
    if (existing.uid !== ownUser && ownUser !== 0)
      throw refused(path, 'belongs to another user', 'принадлежит другому пользователю');
    rmSync(path);
  }
  try {
    writeComplete(path, `${process.pid}\n`);
  } catch (error) {
    const { en, ru } = explainSystemError(error);
    throw new PidFileError({ en: `${path}: cannot be written: ${en}`, ru: `${path}: не записывается: ${ru}` });
  }
}

/** Creates the file with its full content; removes it when the disk is full. */
function writeComplete(path: string, text: string): void {
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

function refused(path: string, en: string, ru: string): PidFileError {
  return new PidFileError({
    en: `${path}: ${en}; remove it or choose another --pid-file`,
    ru: `${path}: ${ru}; удалите его или выберите другой --pid-file`,
  });
}

/** Removes the file if it still holds this process's pid. */
export function removePidFile(path: string): void {
  if (readPid(path) === process.pid) rmSync(path, { force: true });
}

/** Content of `--ports-file`. */
export interface Ports {
  readonly pid: number;
  readonly instanceId: string;
  readonly grpc: number;
  readonly metrics: number | null;
}

/** Writes the file atomically, so that a reader never sees a part of it. */
export function writePortsFile(path: string, ports: Ports): void {
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(unfinished, `${JSON.stringify(ports)}\n`);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    const { en, ru } = explainSystemError(error);
    throw new Problems({ en: `${path}: cannot be written: ${en}`, ru: `${path}: не записывается: ${ru}` });
  }
}
