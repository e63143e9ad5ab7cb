import type { Carrier, CarrierEvents } from '../../src/cluster/index.ts';

const MAX_BYTES = 1024 * 1024;

/** Calls `run` later, in order. */
export type Schedule = (run: () => void) => void;

/** Nodes of one process, joined in memory. */
export class MemoryNetwork {
  private readonly schedule: Schedule;
  private readonly nodes = new Map<string, MemoryCarrier>();

  constructor(schedule: Schedule) {
    this.schedule = schedule;
  }

  /** The carrier of the node `instance`. */
  carrier(instance: string): MemoryCarrier {
    return new MemoryCarrier(this, instance);
  }

  add(carrier: MemoryCarrier): void {
    this.nodes.set(carrier.instance, carrier);
  }

  remove(carrier: MemoryCarrier): void {
    this.nodes.delete(carrier.instance);
  }

  /** Delivers `bytes` to `peer`; overridden to inject faults. */
  deliver(_from: string, peer: string, bytes: Buffer): void {
    this.later(peer, (events) => events.onData(bytes));
  }

  announce(from: string, bytes: Buffer): void {
    for (const instance of this.nodes.keys()) {
      if (instance !== from) this.deliverAnnouncement(from, instance, bytes);
    }
  }

  /** Delivers an announcement to one of its receivers; overridden to inject faults. */
  deliverAnnouncement(_from: string, peer: string, bytes: Buffer): void {
    this.later(peer, (events) => events.onAnnounce(bytes));
  }

  later(peer: string, raise: (events: CarrierEvents) => void): void {
    this.schedule(() => {
      const events = this.nodes.get(peer)?.events;
      if (events) raise(events);
    });
  }
}

/** One node of a MemoryNetwork. */
export class MemoryCarrier implements Carrier {
  readonly instance: string;
  maxBytes = MAX_BYTES;
  events: CarrierEvents | null = null;
  private readonly network: MemoryNetwork;

  constructor(network: MemoryNetwork, instance: string) {
    this.network = network;
    this.instance = instance;
  }

  open(events: CarrierEvents): void {
    this.events = events;
    this.network.add(this);
    this.setUp(true);
  }

  /** Raises `onState`, as a connection that is made or lost does. */
  setUp(up: boolean): void {
    this.network.later(this.instance, (events) => events.onState(up));
  }

  send(peer: string, parts: readonly Buffer[], bytes: number): void {
    this.network.deliver(this.instance, peer, Buffer.concat(parts, bytes));
  }

  announce(bytes: Buffer): void {
    this.network.announce(this.instance, Buffer.from(bytes));
  }

  destroy(): void {
    this.events = null;
    this.network.remove(this);
  }
}
