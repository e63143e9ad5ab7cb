import { isAbsolute, resolve } from 'node:path';

/** Read when this module is loaded: connecting to PM2 changes the working folder of this process. */
const start = currentFolder();

/** Working folder at the start of the command. Throws the system error if it was removed. */
export function workingFolder(): string {
  if (start instanceof Error) throw start;
  return start;
}

/** `path` as an absolute path; only a relative one needs the working folder. */
export function absolutePath(path: string): string {
  return isAbsolute(path) ? path : resolve(workingFolder(), path);
}

function currentFolder(): string | Error {
  try {
    return process.cwd();
  } catch (error) {
    return error as Error;
  }
}
