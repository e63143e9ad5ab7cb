import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { explainSystemError, Problems } from '../text/index.ts';

/** What `--ports-file` says: written at once and whole, so that a reader never sees half of it. */
export interface Ports {
  readonly pid: number;
  readonly instanceId: string;
  readonly grpc: number;
  readonly metrics: number | null;
}

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
