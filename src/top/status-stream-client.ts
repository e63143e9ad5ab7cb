import type { IncomingMessage } from 'node:http';
import { openStatusPath, type StatusEndpoint } from '../cli/index.ts';
import type { RouterStatus } from '../telemetry/index.ts';

const RETRY_MS = 1000;
/** The router sends one document per second. */
const STALL_TIMEOUT_MS = 5000;
/** A status document has a few kilobytes; a longer event is not from a router. */
const MAX_DOCUMENT_CHARS = 16 * 1024 * 1024;

/** Callbacks of a StatusStreamClient. */
export interface StatusListener {
  onStatus(status: RouterStatus): void;
  /** The connection is lost, or no document was received since `lastReceivedAt`. */
  onInterruption(kind: 'lost' | 'stalled', lastReceivedAt: number): void;
}

export function describeEndpoint(endpoint: StatusEndpoint): string {
  return 'url' in endpoint ? endpoint.url.href : endpoint.socketPath;
}

/** Follows the status stream of a router and reconnects after lost connections and restarts. */
export class StatusStreamClient {
  private readonly endpoint: StatusEndpoint;
  private readonly listener: StatusListener;
  private response: IncomingMessage | null = null;
  private retry: NodeJS.Timeout | null = null;
  private readonly stallTimer: NodeJS.Timeout;
  private lastReceivedAt = Date.now();
  private isStopped = false;

  constructor(endpoint: StatusEndpoint, listener: StatusListener) {
    this.endpoint = endpoint;
    this.listener = listener;
    this.stallTimer = setInterval(() => this.checkStall(), 1000);
    this.connect();
  }

  stop(): void {
    this.isStopped = true;
    clearInterval(this.stallTimer);
    if (this.retry !== null) clearTimeout(this.retry);
    this.response?.destroy();
  }

  private connect(): void {
    openStatusPath(this.endpoint, 'api/status/stream').then(
      (response) => this.follow(response),
      () => this.onConnectionLost(),
    );
  }

  private follow(response: IncomingMessage): void {
    if (this.isStopped) return void response.destroy();
    this.response = response;
    let rest = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const events = (rest + chunk).split('\n\n');
      rest = events.pop() ?? '';
      if (rest.length > MAX_DOCUMENT_CHARS) response.destroy();
      for (const event of events) this.receive(event);
    });
    response.on('error', () => {}); // 'close' follows
    response.once('close', () => this.onConnectionLost());
  }

  private receive(event: string): void {
    if (!event.startsWith('data: ')) return;
    try {
      const status = JSON.parse(event.slice('data: '.length)) as RouterStatus;
      this.lastReceivedAt = Date.now();
      this.listener.onStatus(status);
    } catch {
      this.response?.destroy(); // not a router
    }
  }

  private onConnectionLost(): void {
    if (this.isStopped) return;
    this.response = null;
    this.listener.onInterruption('lost', this.lastReceivedAt);
    this.retry = setTimeout(() => this.connect(), RETRY_MS);
  }

  private checkStall(): void {
    if (this.response !== null && Date.now() - this.lastReceivedAt > STALL_TIMEOUT_MS)
      this.listener.onInterruption('stalled', this.lastReceivedAt);
  }
}
