import { renameSync, writeFileSync } from 'node:fs';

/** What `--ports-file` says: written at once and whole, so that a reader never sees half of it. */
export interface Ports {
  readonly pid: number;
  readonly instanceId: string;
  readonly grpc: number;
  readonly metrics: number | null;
}

export function writePortsFile(path: string, ports: Ports): void {
  const unfinished = `${path}.${process.pid}.tmp`;
  writeFileSync(unfinished, `${JSON.stringify(ports)}\n`);
  renameSync(unfinished, path);
}
