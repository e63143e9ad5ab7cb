import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { RouterStatus } from '../telemetry/index.ts';

const RESPONSE_TIMEOUT_MS = 3000;
const RETRY_MS = 1000;
/** The router sends one document per second. */
const STALL_TIMEOUT_MS = 5000;
/** A status document has a few kilobytes; a longer event is not from a router. */
const MAX_DOCUMENT_CHARS = 16 * 1024 * 1024;

/** A control socket, or the URL of the metrics endpoint. */
export type StatusEndpoint = { readonly socketPath: string } | { readonly url: URL };

/** Callbacks of a StatusStreamClient. */
export interface StatusListener {
  onStatus(status: RouterStatus): void;
  /** The connection is lost, or no document was received since `lastReceivedAt`. */
  onInterruption(kind: 'lost' | 'stalled', lastReceivedAt: number): void;
}

export function describeEndpoint(endpoint: StatusEndpoint): string {
  return 'url' in endpoint ? endpoint.url.href : endpoint.socketPath;
}

/** Fetches one status document; `forbidden` without permission for the socket, null if no router responds. */
export async function fetchStatusOnce(endpoint: StatusEndpoint): Promise<RouterStatus | 'forbidden' | null> {
  try {
    const response = await open(endpoint, 'api/status');
    response.setTimeout(RESPONSE_TIMEOUT_MS, () => response.destroy(new Error('timeout')));
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += chunk;
    const status = JSON.parse(body) as RouterStatus;
    return status.name === 'rpc-dart-router' ? status : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return 'forbidden';
    return null; // connection refused, timeout, or not a router: no response in any case
  }
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
    open(this.endpoint, 'api/status/stream').then(
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

/** Resolves with the response headers of a 200 response; the body is not read yet. */
function open(endpoint: StatusEndpoint, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = send(endpoint, path);
    const timeout = setTimeout(() => request.destroy(new Error('timeout')), RESPONSE_TIMEOUT_MS);
    request.on('error', (error) => {
      clearTimeout(timeout);
      reject(error);
    });
    request.on('response', (response) => {
      clearTimeout(timeout);
      if (response.statusCode === 200) return resolve(response);
      response.resume();
      reject(new Error(`status ${response.statusCode}`));
    });
    request.end();
  });
}

function send(endpoint: StatusEndpoint, path: string): ClientRequest {
  const options: RequestOptions = { agent: false };
  if ('socketPath' in endpoint) return httpRequest({ ...options, socketPath: endpoint.socketPath, path: `/${path}` });
  const url = new URL(path, endpoint.url);
  return url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
}
