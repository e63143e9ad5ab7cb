export type { Check, DoctorWorld, Finding, Outcome } from './finding.ts';
export { runDoctor } from './run.ts';
export { CHECKS, examine } from './run-checks.ts';
