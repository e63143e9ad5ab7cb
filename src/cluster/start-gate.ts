import type { Clock } from '../router/index.ts';

/** Time limits of a start for the announcements of other nodes, and for their snapshots. */
const DISCOVERY_MS = 300;
const MAX_START_MS = 2000;

/** Decides when a node that starts has joined. */
export class StartGate {
  /** Resolves once the node has joined, or after two seconds. */
  readonly opened: Promise<void>;
  private readonly clock: Clock;
  private readonly startMs: number;
  private readonly discoveryMs: number;
  private open: () => void = () => {};

  /** With `discovers` there may be nodes that no carrier has discovered yet. */
  constructor(clock: Clock, discovers: boolean) {
    this.clock = clock;
    this.discoveryMs = discovers ? DISCOVERY_MS : 0;
    this.startMs = clock.monotonicMs();
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  /** Call whenever something has happened, and every 100 ms. */
  check(hasJoined: boolean): void {
    const elapsedMs = this.clock.monotonicMs() - this.startMs;
    if (elapsedMs >= MAX_START_MS || (elapsedMs >= this.discoveryMs && hasJoined)) this.open();
  }
}
