import { backoffDelayMs } from './backoff.ts';
import { asRouterError, type ErrorCode, type RouterError } from './errors.ts';
import { Link, type LinkHandler } from './link.ts';
import type { ResolvedOptions, TokenSource } from './options.ts';
import type { Session } from './session.ts';
import type { TransportFactory } from './transport.ts';
import type { Payload } from './values.ts';

/** What the connector needs of the client. */
export interface ConnectorHandler extends LinkHandler {
  /** The register request of now, without token and session. */
  profile(): { readonly name: string | null; readonly groups: ReadonlySet<string>; readonly metadata: Payload };
  onOnline(link: Link): void;
  /** Not connected; the next attempt follows. */
  onAway(error: RouterError): void;
  /** The registration was refused: whether it can be made with another profile. */
  onRefused(error: RouterError): boolean;
  /** No further attempt will be made. */
  onGivenUp(error: RouterError): void;
}

/** Attempts that fail for these reasons would fail again. */
const FATAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['unauthenticated', 'forbidden', 'refused', 'invalid-value']);
/** Another connection owns the client: a further attempt would take it back, and the two would go on for ever. */
const isFinal = (code: ErrorCode, hasTokenSource: boolean): boolean =>
  code === 'replaced' || (FATAL.has(code) && !hasTokenSource);

/** Keeps one link to the router: connects, and connects again when it is lost. */
export class Connector {
  link: Link | null = null;
  private readonly url: URL;
  private readonly factory: TransportFactory;
  private readonly options: ResolvedOptions;
  private readonly session: Session;
  private readonly handler: ConnectorHandler;
  private attempts = 0;
  private isConnecting = false;
  private isStopped = false;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    url: URL,
    factory: TransportFactory,
    options: ResolvedOptions,
    session: Session,
    handler: ConnectorHandler,
  ) {
    this.url = url;
    this.factory = factory;
    this.options = options;
    this.session = session;
    this.handler = handler;
  }

  /** Makes an attempt now, instead of after the delay that is running. */
  async attempt(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.isConnecting || this.isStopped || this.link !== null) return;
    this.isConnecting = true;
    try {
      const link = await this.open();
      if (this.isStopped) link.end();
      else this.online(link);
    } catch (error) {
      this.isConnecting = false;
      this.failed(asRouterError(error, 'unreachable'));
    }
  }

  /** The network may have changed: tries at once, or checks the link that seems to be there. */
  networkChanged(): void {
    this.attempts = 0;
    if (this.link === null) void this.attempt();
    else this.link.probeNow();
  }

  stop(): void {
    this.isStopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private async open(): Promise<Link> {
    const { name, groups, metadata } = this.handler.profile();
    const token = await tokenOf(this.options.token);
    const given = token === null ? metadata : { ...metadata, token };
    const request = {
      clientName: name ?? undefined,
      groups: groups.size > 0 ? [...groups] : undefined,
      metadata: Object.keys(given).length > 0 ? given : undefined,
    };
    return Link.open(this.factory, this.url, this.options, { request, token }, this.session, {
      onRegistered: (registration, resumed) => this.handler.onRegistered(registration, resumed),
      onMessage: (message) => this.handler.onMessage(message),
      onAcknowledged: (received) => this.handler.onAcknowledged(received),
      onLost: (error) => this.lost(error),
    });
  }

  private online(link: Link): void {
    this.isConnecting = false;
    this.attempts = 0;
    this.link = link;
    this.handler.onOnline(link);
  }

  private lost(error: RouterError): void {
    this.link = null;
    this.failed(error);
  }

  private failed(error: RouterError): void {
    if (this.isStopped) return;
    const { reconnect } = this.options;
    const hasOtherProfile = error.code === 'refused' && this.handler.onRefused(error);
    if (
      !hasOtherProfile &&
      (isFinal(error.code, typeof this.options.token === 'function') || this.attempts >= reconnect.maxAttempts)
    ) {
      this.stop();
      this.handler.onGivenUp(error);
      return;
    }
    this.handler.onAway(error);
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.attempt(), backoffDelayMs(reconnect, this.attempts));
    this.attempts++;
  }
}

async function tokenOf(source: TokenSource | null): Promise<string | null> {
  return typeof source === 'function' ? source() : source;
}
