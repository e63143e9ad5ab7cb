export { CHECKS, examine } from './examine.ts';
export type { Check, DoctorWorld, Finding, Outcome } from './finding.ts';
export { runDoctor } from './run.ts';
