import { accessSync, closeSync, constants, lstatSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isAlive, isSameProgram, isYoungerThan, readPid } from '../host/index.ts';
import { explainSystemError, Problems } from '../text/index.ts';

/** A pid file that another live router holds, or that is no file of ours. */
export class PidFileError extends Problems {}

/** Throws PidFileError when a live router holds the file, or when it cannot be written. */
export function checkPidFile(path: string): void {
  checkFolder(path);
  const pid = readPid(path);
  if (pid !== null && pid !== process.pid && isAlive(pid) && isSameProgram(pid) && !isYoungerThan(pid, path)) {
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
