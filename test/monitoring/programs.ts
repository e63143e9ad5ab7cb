import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first of these programs that is on the PATH, or null. */
export function findProgram(...names: readonly string[]): string | null {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const path = join(folder, name);
      if (isExecutable(path)) return path;
    }
  }
  return null;
}

/** Skip reason of tests that need these programs; false if all are present. */
export function skipWithout(debianPackage: string, ...programs: readonly (string | null)[]): string | false {
  if (!programs.includes(null)) return false;
  return `SKIPPED: not on the PATH; install it with: apt-get install -y --no-install-recommends ${debianPackage}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
