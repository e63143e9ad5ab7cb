import { defineMessages, explainSystemError } from '../text/index.ts';
import { clockCheck } from './clock-check.ts';
import { configCheck, exposureCheck, nodeCheck } from './config-check.ts';
import { permissionsCheck } from './files-check.ts';
import { type Check, type DoctorContext, type Finding, warn } from './finding.ts';
import { memoryCheck, openFilesCheck, sysctlCheck } from './limits-check.ts';
import { diskCheck, logCheck } from './log-check.ts';
import { pm2Check } from './pm2-check.ts';
import { portsCheck } from './ports-check.ts';
import { routerCheck } from './router-check.ts';
import { staleFilesCheck } from './stale-files-check.ts';
import { tlsCheck } from './tls-check.ts';

const messages = defineMessages({
  unchecked: { en: 'Could not be checked: {error}', ru: 'Проверить не удалось: {error}' },
  again: { en: 'Correct that and run --doctor again', ru: 'Исправьте это и запустите --doctor снова' },
});

/** In the order in which they are shown. */
export const CHECKS: readonly Check[] = [
  routerCheck,
  configCheck,
  nodeCheck,
  portsCheck,
  exposureCheck,
  tlsCheck,
  permissionsCheck,
  staleFilesCheck,
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
export async function runChecks(context: DoctorContext): Promise<NamedFinding[]> {
  const found = await Promise.all(
    CHECKS.map(async (check) =>
      (await runSafely(check, context)).map((finding) => ({ check: check.name, ...finding })),
    ),
  );
  return found.flat();
}

/** A check that meets a failing system call is a finding of its own; the others are shown all the same. */
async function runSafely(check: Check, context: DoctorContext): Promise<readonly Finding[]> {
  try {
    return await check.run(context);
  } catch (error) {
    const t = messages(context.lang);
    return [warn(t('unchecked', { error: explainSystemError(error)[context.lang] }), t('again'))];
  }
}
