import { P2pStream, type Registration, register } from './connection.ts';
import { RouterError } from './errors.ts';
import { Liveness } from './liveness.ts';
import { mapOf, numberOf } from './messages.ts';
import type { ResolvedOptions } from './options.ts';
import type { Session } from './session.ts';
import type { Transport, TransportFactory } from './transport.ts';
import { encodeMap, type Payload, type Value } from './values.ts';

/** What a link reports to its owner. */
export interface LinkHandler {
  /** The router answered the registration; `resumed` when the session goes on. Called before any message. */
  onRegistered(registration: Registration, resumed: boolean): void;
  /** A message that counts in the session. */
  onMessage(message: Record<string, Value>): void;
  /** The router has received so many messages in this session; false when that is impossible. */
  onAcknowledged(received: number): boolean;
  /** The link, which `open` had returned, is of no use any more. Called once. */
  onLost(error: RouterError): void;
}

/** Received messages are acknowledged by a heartbeat after so many messages, bytes or milliseconds. */
const ACKNOWLEDGE_MESSAGES = 64;
const ACKNOWLEDGE_BYTES = 128 * 1024;
const ACKNOWLEDGE_MS = 5000;

/** One connection to the router, registered, with its p2p stream bound. It is used until it is lost. */
export class Link {
  readonly transport: Transport;
  readonly registration: Registration;
  private readonly session: Session;
  private readonly handler: LinkHandler;
  private readonly stream: P2pStream;
  private readonly liveness: Liveness;
  private acknowledgeTimer: ReturnType<typeof setTimeout> | null = null;
  private lost = false;
  private isOpen = false;

  private constructor(
    transport: Transport,
    registration: Registration,
    session: Session,
    options: ResolvedOptions,
    handler: LinkHandler,
  ) {
    this.transport = transport;
    this.registration = registration;
    this.session = session;
    this.handler = handler;
    this.liveness = new Liveness(
      {
        probe: () => this.probe(),
        dead: () => this.fail(new RouterError('unreachable', 'The router does not answer')),
      },
      options.heartbeatIntervalMs,
      options.heartbeatTimeoutMs,
    );
    this.stream = new P2pStream(transport, registration, {
      onMessage: (message, bytes) => this.receive(message, bytes),
      onEnd: (error) => this.fail(error),
    });
  }

  /** Connects, registers and binds. `profile` is the register request without its session. */
  static async open(
    factory: TransportFactory,
    url: URL,
    options: ResolvedOptions,
    profile: { readonly request: Payload; readonly token: string | null },
    session: Session,
    handler: LinkHandler,
  ): Promise<Link> {
    let link: Link | null = null;
    let closeError: RouterError | null = null;
    const transport = await factory(url, {
      token: profile.token,
      tls: options.tls,
      connectTimeoutMs: options.connectTimeoutMs,
      onClose: (error) => {
        closeError = error;
        link?.fail(error);
      },
    });
    try {
      const request = options.session ? { ...profile.request, session: session.request() } : profile.request;
      const registration = await register(transport, request, options.connectTimeoutMs);
      handler.onRegistered(registration, session.adopt(registration));
      link = new Link(transport, registration, session, options, handler);
      await link.bound(options.connectTimeoutMs);
      if (link.lost) throw closeError ?? new RouterError('unreachable', 'The connection was closed');
      link.isOpen = true;
      return link;
    } catch (error) {
      link?.discard();
      transport.close(false);
      throw error;
    }
  }

  /** Sends an encoded message that counts in the session. */
  write(body: Uint8Array): void {
    this.stream.write(body);
  }

  /** Asks for a sign of life at once. */
  probeNow(): void {
    if (!this.lost) this.liveness.probeNow();
  }

  /** Half-closes the stream, which ends the session, and closes after the buffered data is written. */
  end(): void {
    this.discard();
    this.stream.end();
    this.transport.close(true);
  }

  private async bound(timeoutMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new RouterError('timeout', 'The router did not bind the stream')), timeoutMs);
    });
    await Promise.race([this.stream.bound, timeout]).finally(() => clearTimeout(timer));
  }

  private receive(message: Record<string, Value>, bytes: number): void {
    // a message that arrives on a link that was given up is sent again on the next one
    if (this.lost) return;
    this.liveness.received();
    if (message.type === 'heartbeat') {
      const received = numberOf(mapOf(message.payload).received);
      if (received !== null && !this.handler.onAcknowledged(received)) {
        this.fail(new RouterError('protocol', `The router acknowledges ${received} messages, more than were sent`));
      }
      return;
    }
    this.session.count(bytes);
    if (this.session.isKept) this.scheduleAcknowledgement();
    this.handler.onMessage(message);
  }

  private scheduleAcknowledgement(): void {
    const { unreported, unreportedBytes } = this.session;
    if (unreported >= ACKNOWLEDGE_MESSAGES || unreportedBytes >= ACKNOWLEDGE_BYTES) this.sendHeartbeat();
    else this.acknowledgeTimer ??= setTimeout(() => this.sendHeartbeat(), ACKNOWLEDGE_MS);
  }

  private sendHeartbeat(): void {
    if (this.acknowledgeTimer !== null) clearTimeout(this.acknowledgeTimer);
    this.acknowledgeTimer = null;
    if (this.lost) return;
    this.session.reported();
    this.stream.heartbeat({ received: this.session.received });
    this.liveness.heartbeatSent();
  }

  /** Only a session's heartbeats are answered; otherwise a unary call serves. */
  private probe(): void {
    if (this.session.isKept) {
      this.sendHeartbeat();
      return;
    }
    this.stream.heartbeat({});
    const ping = this.transport.open('ping', { onMessage: () => this.liveness.received(), onEnd() {} });
    ping.write(encodeMap({ v: Date.now() }));
    ping.end();
  }

  private fail(error: RouterError): void {
    if (this.lost) return;
    this.discard();
    this.transport.close(false);
    if (this.isOpen) this.handler.onLost(error);
  }

  private discard(): void {
    this.lost = true;
    this.liveness.stop();
    if (this.acknowledgeTimer !== null) clearTimeout(this.acknowledgeTimer);
  }
}
