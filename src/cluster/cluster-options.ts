import type { Clock, RouterCore, RouterLog } from '../router/index.ts';
import type { Carrier } from './carrier.ts';

/** The parts and the identity of a node. */
export interface ClusterOptions {
  /** The router of the default namespace. */
  readonly core: RouterCore;
  /** In order of preference: a node that several of them reach is reached by the first. */
  readonly carriers: readonly Carrier[];
  readonly clock: Clock;
  readonly log: RouterLog;
  /** Random, of this process: the carriers have the same. */
  readonly instance: string;
  /** Name of the node for people: two nodes should not share one. */
  readonly label: string;
  /** Version of the program. */
  readonly release: string;
  /** Time without progress until senders to a node get errors. */
  readonly stallTimeoutMs?: number;
  /** The tag to begin with; random by default. */
  readonly tag?: number;
}
