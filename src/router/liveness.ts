import type { Client } from './client.ts';
import type { RouterContext } from './context.ts';
import { closeReasonText } from './messages.ts';
import { Topology } from './topology.ts';

/** Intervals without a message until a client is idle. */
const IDLE_AFTER_INTERVALS = 2;
/** Minimum time between two `topologyChanged` events: each lists every client. */
const TOPOLOGY_PAUSE_MS = 1000;
/** Work of a check per event-loop tick, in clients checked; a removal counts as several. */
const CHECKED_PER_TICK = 4000;
const REMOVAL_WEIGHT = 80;
const NAMED_PER_TICK = 500;

/** Removes inactive clients, by the monotonic clock. Holds no timer: call `check` once per health-check interval. */
export class Liveness {
  private readonly context: RouterContext;
  private topologyPublishedMs = Number.NEGATIVE_INFINITY;
  private topologyDue = false;
  /** Remaining clients of the running check; null between checks. */
  private unchecked: Iterator<Client> | null = null;

  constructor(context: RouterContext) {
    this.context = context;
  }

  /**
   * Marks idle clients, disconnects inactive ones, removes those without a stream. With many clients a check takes several
   * ticks; calls during one have no effect.
   */
  check(): void {
    if (this.unchecked !== null) return;
    this.unchecked = this.context.registry.clients.values();
    this.checkSlice(this.unchecked, this.context.clock.monotonicMs());
  }

  private checkSlice(clients: Iterator<Client>, nowMs: number): void {
    for (let work = 0; work < CHECKED_PER_TICK; work++) {
      const next = clients.next();
      if (next.done === true) {
        this.unchecked = null;
        this.publishTopology(nowMs);
        return;
      }
      if (this.checkClient(next.value, nowMs)) this.topologyDue = true;
      if (next.value.removed) work += REMOVAL_WEIGHT;
    }
    this.context.clock.atTickEnd(() => this.checkSlice(clients, nowMs));
  }

  private checkClient(client: Client, nowMs: number): boolean {
    const { clientTimeoutMs, healthCheckIntervalMs } = this.context.limits;
    if (client.stream === null) return this.checkStreamless(client, nowMs, healthCheckIntervalMs);
    // its session window applies instead
    if (client.durable?.isAway) return false;
    const silentMs = nowMs - client.lastReceivedMs;
    if (silentMs >= clientTimeoutMs) {
      const { stream } = client;
      // the session outlives a silent connection
      if (client.durable === null) this.context.remove(client, 'inactivityTimeout');
      stream.end('DEADLINE_EXCEEDED', closeReasonText('inactivityTimeout'));
      return true;
    }
    if (client.status === 'online' && silentMs >= IDLE_AFTER_INTERVALS * healthCheckIntervalMs) {
      client.setStatus('idle');
      return true;
    }
    return false;
  }

  /** A client has one whole interval to open its first or another stream. */
  private checkStreamless(client: Client, nowMs: number, intervalMs: number): boolean {
    if (nowMs - client.unboundSinceMs < intervalMs) return false;
    this.context.remove(client, 'zombie');
    return true;
  }

  private publishTopology(nowMs: number): void {
    const { clock, events, peers } = this.context;
    if (peers?.takeTopologyChange()) this.topologyDue = true;
    if (!this.topologyDue || nowMs - this.topologyPublishedMs < TOPOLOGY_PAUSE_MS) return;
    this.topologyDue = false;
    if (!events.hasListeners) return;
    this.topologyPublishedMs = nowMs;
    const topology = new Topology(this.context.listedClients());
    const proceed = (): void => {
      if (topology.collect(NAMED_PER_TICK)) events.publishEncoded(topology.encoded(clock.now()));
      else clock.atTickEnd(proceed);
    };
    proceed();
  }
}
