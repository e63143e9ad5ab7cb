import type { Client } from './client.ts';
import { closeReasonText } from './messages.ts';
import type { RouterCore } from './router-core.ts';
import { topologyEvent } from './topology.ts';

/** Intervals without a message after which a client counts as idle. */
const IDLE_AFTER_INTERVALS = 2;
/** The shortest time between two `topologyChanged` events: each names every client. */
const TOPOLOGY_PAUSE_MS = 1000;

/** Looks after clients that went silent. Holds no timer: `check` is called once per health-check interval. */
export class Liveness {
  private readonly core: RouterCore;
  private topologyPublishedAt = Number.NEGATIVE_INFINITY;
  private topologyDue = false;

  constructor(core: RouterCore) {
    this.core = core;
  }

  /** One health check: marks the idle, disconnects the inactive, removes those without a stream. */
  check(): void {
    const { registry, clock } = this.core;
    const now = clock.now();
    for (const client of registry.clients.values()) {
      if (this.checkClient(client, now)) this.topologyDue = true;
    }
    this.publishTopology(now);
  }

  private checkClient(client: Client, now: number): boolean {
    const { clientTimeoutMs, healthCheckIntervalMs } = this.core.limits;
    if (client.stream === null) return this.checkStreamless(client, now, healthCheckIntervalMs);
    const silentMs = now - client.lastActivity;
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
  private checkStreamless(client: Client, now: number, intervalMs: number): boolean {
    if (now - client.streamlessSince < intervalMs) return false;
    this.core.remove(client, 'zombie');
    return true;
  }

  private publishTopology(now: number): void {
    const { events, registry } = this.core;
    if (!this.topologyDue || now - this.topologyPublishedAt < TOPOLOGY_PAUSE_MS) return;
    this.topologyDue = false;
    if (!events.hasListeners) return;
    this.topologyPublishedAt = now;
    events.publishEncoded(topologyEvent(registry.clients, now));
  }
}
