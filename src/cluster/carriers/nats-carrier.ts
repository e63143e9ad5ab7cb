import type { Msg, NatsConnection, Status } from '@nats-io/transport-node';
import type { Clock } from '../../router/index.ts';
import type { Carrier, CarrierEvents } from '../carrier.ts';
import { type NatsAccess, natsOptions } from './nats-access.ts';
import type { NatsSubjects } from './nats-subjects.ts';

export interface NatsCarrierOptions {
  readonly subjects: NatsSubjects;
  /** `nats://host:port` or `tls://host:port`; one at a time is dialled, in turn. */
  readonly servers: readonly string[];
  /** Name of the connection, for the operators of NATS. */
  readonly name: string;
  readonly access: NatsAccess;
  readonly clock: Clock;
  /** Reason of a failure, for the log. */
  readonly onIssue: (issue: string) => void;
  readonly onConnected: (server: string) => void;
}

const MIN_REDIAL_MS = 100;
const MAX_REDIAL_MS = 2000;
/** A server is stale when two pings are unanswered. */
const PING_INTERVAL_MS = 1000;
const MAX_PINGS_OUT = 2;
const DEFAULT_MAX_BYTES = 1024 * 1024;

/**
 * Nodes joined by NATS: one inbox subject per node, and one shared subject for announcements. Reconnects with a new connection
 * object instead of the reconnect of the library, which discards unsent messages and keeps a dead socket until its pending
 * writes are done.
 */
export class NatsCarrier implements Carrier {
  maxBytes = DEFAULT_MAX_BYTES;
  /** Reason of the last failure; null while connected. */
  fault: string | null = 'not connected yet';
  private readonly options: NatsCarrierOptions;
  private events: CarrierEvents | null = null;
  private connection: NatsConnection | null = null;
  private nextServer = 0;
  private redialMs = MIN_REDIAL_MS;
  private cancelRedial: () => void = () => {};

  constructor(options: NatsCarrierOptions) {
    this.options = options;
  }

  open(events: CarrierEvents): void {
    this.events = events;
    void this.dial();
  }

  send(peer: string, parts: readonly Buffer[], bytes: number): void {
    const [first] = parts;
    const payload = parts.length === 1 && first !== undefined ? first : Buffer.concat(parts, bytes);
    this.publish(this.options.subjects.inboxOf(peer), payload);
  }

  announce(bytes: Buffer): void {
    this.publish(this.options.subjects.shared, bytes);
  }

  async flush(): Promise<void> {
    await this.connection?.flush().catch(() => {});
  }

  destroy(): void {
    this.events = null;
    this.cancelRedial();
    this.discard(this.connection);
    this.connection = null;
  }

  private publish(subject: string, payload: Buffer): void {
    const { connection } = this;
    if (connection === null) return;
    try {
      connection.publish(subject, payload);
    } catch (error) {
      // too large, or just closed: the link above repeats or drops the message
      this.options.onIssue((error as Error).message);
    }
  }

  private async dial(): Promise<void> {
    const { servers, clock, name, access } = this.options;
    const server = servers[this.nextServer++ % servers.length] as string;
    try {
      // loaded on demand: most routers run without a cluster
      const { connect } = await import('@nats-io/transport-node');
      const connection = await connect({
        ...(await natsOptions(server, name, access)),
        noEcho: true,
        ignoreClusterUpdates: true,
        pingInterval: PING_INTERVAL_MS,
        maxPingOut: MAX_PINGS_OUT,
      });
      if (this.events === null) this.discard(connection);
      else this.onConnected(connection, server);
    } catch (error) {
      if (this.events === null) return;
      this.fault = `${server}: ${(error as Error).message}`;
      this.options.onIssue(this.fault);
      this.redialMs = Math.min(2 * this.redialMs, MAX_REDIAL_MS);
      this.cancelRedial = clock.after(this.redialMs, () => void this.dial());
    }
  }

  private onConnected(connection: NatsConnection, server: string): void {
    const { subjects } = this.options;
    this.connection = connection;
    this.maxBytes = connection.info?.max_payload ?? DEFAULT_MAX_BYTES;
    this.fault = null;
    this.redialMs = MIN_REDIAL_MS;
    const subscribe = (subject: string, take: (events: CarrierEvents, bytes: Buffer) => void): void => {
      connection.subscribe(subject, { callback: (error, message) => this.onMessage(connection, error, message, take) });
    };
    subscribe(subjects.inbox, (events, bytes) => events.onData(bytes));
    subscribe(subjects.shared, (events, bytes) => events.onAnnounce(bytes));
    void this.watch(connection, server);
    connection.flush().then(
      () => {
        if (this.connection !== connection) return;
        this.options.onConnected(server);
        this.events?.onState(true);
      },
      () => {},
    );
  }

  private onMessage(
    connection: NatsConnection,
    error: Error | null,
    { data }: Msg,
    take: (events: CarrierEvents, bytes: Buffer) => void,
  ): void {
    if (error !== null) this.onFault(error.message);
    else if (this.events !== null && this.connection === connection) {
      take(this.events, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    }
  }

  /** Follows the state of the connection until it is closed or stale. */
  private async watch(connection: NatsConnection, server: string): Promise<void> {
    connection.closed().then(
      (error) => this.onLost(connection, `${server}: ${error instanceof Error ? error.message : 'connection closed'}`),
      () => {},
    );
    for await (const status of connection.status()) {
      if (status.type === 'staleConnection') this.onLost(connection, `${server}: no answer to pings`);
      else this.onStatus(status);
    }
  }

  private onStatus(status: Status): void {
    if (status.type === 'error') this.onFault(status.error.message);
    else if (status.type === 'ldm') this.options.onIssue('the server is about to shut down');
  }

  /** The connection works, but not as needed: a permission is missing, for instance. */
  private onFault(message: string): void {
    this.fault = message;
    this.options.onIssue(message);
  }

  private onLost(connection: NatsConnection, reason: string): void {
    if (this.connection !== connection) return;
    this.connection = null;
    this.discard(connection);
    this.onFault(reason);
    this.events?.onState(false);
    this.cancelRedial = this.options.clock.after(MIN_REDIAL_MS, () => void this.dial());
  }

  private discard(connection: NatsConnection | null): void {
    connection?.close().catch(() => {});
  }
}
