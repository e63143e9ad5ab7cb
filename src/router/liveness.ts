import type { Client } from './client.ts';
import { closeReasonText } from './messages.ts';
import type { RouterCore } from './router-core.ts';
import { Topology } from './topology.ts';

/** Intervals without a message after which a client counts as idle. */
const IDLE_AFTER_INTERVALS = 2;
/** The shortest time between two `topologyChanged` events: each names every client. */
const TOPOLOGY_PAUSE_MS = 1000;
/** What one event-loop turn does of a check: so many clients looked at, a removed one counting for more. */
const CHECKED_PER_TURN = 4000;
const REMOVAL_WEIGHT = 80;
const NAMED_PER_TURN = 500;

/** Looks after clients that went silent, by a clock that never jumps. Holds no timer: `check` is called once per health-check interval. */
export class Liveness {
  private readonly core: RouterCore;
  private topologyPublishedMs = Number.NEGATIVE_INFINITY;
  private topologyDue = false;
  /** Clients that the check under way has not come to yet; null between checks. */
  private unchecked: Iterator<Client> | null = null;

  constructor(core: RouterCore) {
    this.core = core;
  }

  /**
   * One health check: marks the idle, disconnects the inactive, removes those without a stream. With many clients it goes
   * on over the next turns of the event loop; called again meanwhile, it leaves that to the check under way.
   */
  check(): void {
    if (this.unchecked !== null) return;
    this.unchecked = this.core.registry.clients.values();
    this.checkSlice(this.unchecked, this.core.clock.monotonicMs());
  }

  private checkSlice(clients: Iterator<Client>, nowMs: number): void {
    for (let work = 0; work < CHECKED_PER_TURN; work++) {
      const next = clients.next();
      if (next.done === true) {
        this.unchecked = null;
        this.publishTopology(nowMs);
        return;
      }
      if (this.checkClient(next.value, nowMs)) this.topologyDue = true;
      if (next.value.removed) work += REMOVAL_WEIGHT;
    }
    this.core.clock.atTickEnd(() => this.checkSlice(clients, nowMs));
  }

  private checkClient(client: Client, nowMs: number): boolean {
    const { clientTimeoutMs, healthCheckIntervalMs } = this.core.limits;
    if (client.stream === null) return this.checkStreamless(client, nowMs, healthCheckIntervalMs);
    const silentMs = nowMs - client.lastReceivedMs;
    if (silentMs >= clientTimeoutMs) {
      const { stream } = client;
      this.core.remove(client, 'inactivityTimeout');
      stream.end('DEADLINE_EXCEEDED', closeReasonText('inactivityTimeout'));
      return true;
    }
    if (client.status === 'online' && silentMs >= IDLE_AFTER_INTERVALS * healthCheckIntervalMs) {
      client.setStatus('idle');
      return true;
    }
    return false;
  }

  /** A client gets one whole interval to open its stream, or to come back with another. */
  private checkStreamless(client: Client, nowMs: number, intervalMs: number): boolean {
    if (nowMs - client.unboundSinceMs < intervalMs) return false;
    this.core.remove(client, 'zombie');
    return true;
  }

  private publishTopology(nowMs: number): void {
    const { clock, events, registry } = this.core;
    if (!this.topologyDue || nowMs - this.topologyPublishedMs < TOPOLOGY_PAUSE_MS) return;
    this.topologyDue = false;
    if (!events.hasListeners) return;
    this.topologyPublishedMs = nowMs;
    const topology = new Topology(registry.clients.values());
    const proceed = (): void => {
      if (topology.collect(NAMED_PER_TURN)) events.publishEncoded(topology.encoded(clock.now()));
      else clock.atTickEnd(proceed);
    };
    proceed();
  }
}
