import type { Machine } from './machine.ts';
import type { Releases } from './releases.ts';

/**
 * Shared state of the sections of the test. They run in order on one machine; after the installation, each starts and ends with
 * the service running.
 */
export interface SharedState {
  readonly machine: Machine;
  readonly releases: Releases;
}
