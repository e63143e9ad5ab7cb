import type { Clock, RouterCore, RouterLog } from '../router/index.ts';
import type { Carrier } from './carrier.ts';

/** The parts and the identity of a node. */
export interface ClusterOptions {
  /** The router of the default namespace. */
  readonly core: RouterCore;
  /** In order of preference: the first carrier that reaches a node is used. */
  readonly carriers: readonly Carrier[];
  readonly clock: Clock;
  readonly log: RouterLog;
  /** Random id of this process; the carriers use the same one. */
  readonly instance: string;
  /** Human-readable name of the node; should be unique. */
  readonly label: string;
  /** Version of the program. */
  readonly release: string;
  /** Time without progress until senders to a node get errors. */
  readonly stallTimeoutMs?: number;
  /** Initial tag; random by default. */
  readonly tag?: number;
}
