import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RotationSettings } from './rotate.ts';

/** The rotator and the commands meet in a folder: one file for each daemon whose log is rotated. */
export function rotationFolder(stateFolder: string): string {
  return join(stateFolder, 'rotation');
}

export function writeRotation(folder: string, name: string, settings: RotationSettings): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unfinished = join(folder, `${name}.${process.pid}.tmp`);
  writeFileSync(unfinished, `${JSON.stringify(settings)}\n`, { mode: 0o600 });
  renameSync(unfinished, join(folder, `${name}.json`));
}

/** Returns how many daemons still have their logs rotated. */
export function removeRotation(folder: string, name: string): number {
  rmSync(join(folder, `${name}.json`), { force: true });
  return readRotations(folder).length;
}

/** All there are; a file that is being written, or is none of ours, is left out. */
export function readRotations(folder: string): RotationSettings[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => readOne(join(folder, name)));
  } catch {
    return [];
  }
}

function readOne(path: string): RotationSettings[] {
  try {
    const { logFile, maxSizeBytes, retain } = JSON.parse(readFileSync(path, 'utf8')) as Partial<RotationSettings>;
    if (typeof logFile !== 'string' || typeof maxSizeBytes !== 'number' || typeof retain !== 'number') return [];
    return [{ logFile, maxSizeBytes, retain }];
  } catch {
    return [];
  }
}
