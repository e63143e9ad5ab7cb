import type { Machine } from './machine.ts';
import type { Releases } from './releases.ts';

/**
 * What the sections of the test share. They run in order, on one machine: after the installation, each finds the service
 * running and leaves it so.
 */
export interface SharedState {
  readonly machine: Machine;
  readonly releases: Releases;
}
