import { clockCheck } from './clock-check.ts';
import { configCheck, exposureCheck, nodeCheck } from './config-check.ts';
import { permissionsCheck } from './files-check.ts';
import type { Check, DoctorWorld, Finding } from './finding.ts';
import { leftoversCheck } from './leftovers-check.ts';
import { memoryCheck, openFilesCheck, sysctlCheck } from './limits-check.ts';
import { diskCheck, logCheck } from './log-check.ts';
import { pm2Check } from './pm2-check.ts';
import { portsCheck } from './ports-check.ts';
import { routerCheck } from './router-check.ts';
import { tlsCheck } from './tls-check.ts';

/** In the order in which they are shown. */
export const CHECKS: readonly Check[] = [
  routerCheck,
  configCheck,
  nodeCheck,
  portsCheck,
  exposureCheck,
  tlsCheck,
  permissionsCheck,
  leftoversCheck,
  openFilesCheck,
  sysctlCheck,
  memoryCheck,
  diskCheck,
  logCheck,
  clockCheck,
  pm2Check,
];

/** A finding with the name of its check. */
export interface NamedFinding extends Finding {
  readonly check: string;
}

/** Looks at everything. */
export async function examine(world: DoctorWorld): Promise<NamedFinding[]> {
  const found = await Promise.all(
    CHECKS.map(async ({ name, look }) => (await look(world)).map((finding) => ({ check: name, ...finding }))),
  );
  return found.flat();
}
