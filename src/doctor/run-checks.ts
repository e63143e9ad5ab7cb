import { defineMessages, explainSystemError } from '../text/index.ts';
import { clockCheck } from './clock-check.ts';
import { clusterCheck } from './cluster-check.ts';
import { configCheck, exposureCheck, nodeCheck } from './config-check.ts';
import { permissionsCheck } from './files-check.ts';
import { type Check, type DoctorContext, type Finding, warn } from './finding.ts';
import { internalsCheck } from './internals-check.ts';
import { memoryCheck, openFilesCheck, sysctlCheck } from './limits-check.ts';
import { diskCheck, logCheck } from './log-check.ts';
import { pm2Check } from './pm2-check.ts';
import { portsCheck } from './ports-check.ts';
import { routerCheck } from './router-check.ts';
import { staleFilesCheck } from './stale-files-check.ts';
import { tlsCheck } from './tls-check.ts';

const messages = defineMessages({
  unchecked: { en: 'Check failed: {error}', ru: 'Проверка не удалась: {error}' },
  again: { en: 'Correct this error and run --doctor again', ru: 'Исправьте эту ошибку и запустите --doctor снова' },
});

/** All checks, in output order. */
export const CHECKS: readonly Check[] = [
  routerCheck,
  configCheck,
  nodeCheck,
  internalsCheck,
  portsCheck,
  clusterCheck,
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

/** Runs all checks. */
export async function runChecks(context: DoctorContext): Promise<NamedFinding[]> {
  const found = await Promise.all(
    CHECKS.map(async (check) =>
      (await runSafely(check, context)).map((finding) => ({ check: check.name, ...finding })),
    ),
  );
  return found.flat();
}

/** Runs one check. A failing system call becomes a finding and does not affect other checks. */
async function runSafely(check: Check, context: DoctorContext): Promise<readonly Finding[]> {
  try {
    return await check.run(context);
  } catch (error) {
    const t = messages(context.lang);
    return [warn(t('unchecked', { error: explainSystemError(error)[context.lang] }), t('again'))];
  }
}
