export type { Check, DoctorContext, Finding, Outcome } from './finding.ts';
export { runDoctor } from './run.ts';
export { CHECKS, runChecks } from './run-checks.ts';
