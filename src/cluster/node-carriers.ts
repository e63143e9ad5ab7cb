import type { Clock, RouterLog } from '../router/index.ts';
import type { Carrier, CarrierEvents } from './carrier.ts';
import type { ClusterCounters } from './node-counters.ts';

/** Time limit for messages in flight when the process stops. */
const FLUSH_MS = 500;

export interface NodeCarrierEvents {
  onData(bytes: Buffer): void;
  onAnnounce(bytes: Buffer, carrier: number): void;
  onState(carrier: number, up: boolean): void;
  onPeerLost(peer: string): void;
}

/** All carriers of a node, by their index in the order of preference. */
export class NodeCarriers {
  private readonly carriers: readonly Carrier[];
  private readonly log: RouterLog;
  private readonly counters: ClusterCounters;

  constructor(carriers: readonly Carrier[], log: RouterLog, counters: ClusterCounters) {
    this.carriers = carriers;
    this.log = log;
    this.counters = counters;
  }

  open(events: NodeCarrierEvents): void {
    this.carriers.forEach((carrier, index) => {
      const guarded: CarrierEvents = {
        onData: (bytes) => this.guard(() => events.onData(bytes)),
        onAnnounce: (bytes) => this.guard(() => events.onAnnounce(bytes, index)),
        onState: (up) => events.onState(index, up),
        onPeerLost: (peer) => events.onPeerLost(peer),
      };
      carrier.open(guarded);
    });
  }

  /** True if all carriers can list their reachable nodes. */
  get areComplete(): boolean {
    return this.carriers.every(({ peers }) => peers !== undefined);
  }

  /** The nodes that the carriers are known to reach. */
  *known(): Iterable<string> {
    for (const { peers } of this.carriers) if (peers !== undefined) yield* peers;
  }

  isKnown(instance: string): boolean {
    for (const known of this.known()) if (known === instance) return true;
    return false;
  }

  maxBytes(carrier: number): number {
    return this.carriers[carrier]?.maxBytes ?? 0;
  }

  send(carrier: number, peer: string, parts: readonly Buffer[], bytes: number): void {
    this.counters.envelopesOut++;
    this.counters.bytesOut += bytes;
    this.carriers[carrier]?.send(peer, parts, bytes);
  }

  announce(bytes: Buffer): void {
    for (const carrier of this.carriers) carrier.announce(bytes);
  }

  /** Resolves when everything has been sent, or after half a second. */
  async flush(clock: Clock): Promise<void> {
    const flushed = Promise.all(this.carriers.map((carrier) => carrier.flush?.()));
    const timedOut = new Promise<void>((resolve) => void clock.after(FLUSH_MS, resolve));
    await Promise.race([flushed, timedOut]);
  }

  destroy(): void {
    for (const carrier of this.carriers) carrier.destroy();
  }

  /** A malformed message from another program must not end this process. */
  private guard(take: () => void): void {
    try {
      take();
    } catch (error) {
      this.counters.unknownFrames++;
      this.log.warnOnce('cluster-message', 'Message of a node not understood', { error: (error as Error).message });
    }
  }
}
