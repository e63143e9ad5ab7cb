import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { RouterStatus } from '../telemetry/index.ts';

const RESPONSE_TIMEOUT_MS = 3000;
const RETRY_MS = 1000;
/** The router sends once a second. */
const STALL_TIMEOUT_MS = 5000;
/** A status document is some kilobytes: what sends this much without an end is no router. */
const MAX_DOCUMENT_CHARS = 16 * 1024 * 1024;

/** Where a router answers: a control socket, or the address of its metrics. */
export type StatusEndpoint = { readonly socketPath: string } | { readonly url: URL };

/** What one who follows a router is told. */
export interface StatusListener {
  onStatus(status: RouterStatus): void;
  /** Nothing has come since `heardAt`: the connection is lost, or the router does not send. */
  onInterruption(kind: 'lost' | 'stalled', heardAt: number): void;
}

export function describeEndpoint(place: StatusEndpoint): string {
  return 'url' in place ? place.url.href : place.socketPath;
}

/** The status at this moment; `forbidden` when the router is not for this user, null when none answers. */
export async function fetchStatusOnce(place: StatusEndpoint): Promise<RouterStatus | 'forbidden' | null> {
  try {
    const response = await open(place, 'api/status');
    response.setTimeout(RESPONSE_TIMEOUT_MS, () => response.destroy(new Error('does not answer')));
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += chunk;
    const status = JSON.parse(body) as RouterStatus;
    return status.name === 'rpc-dart-router' ? status : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return 'forbidden';
    return null; // nobody there, frozen, or not a router: all mean that it does not answer
  }
}

/** Follows a router over lost connections and restarts, until it is told to stop. */
export class StatusStreamClient {
  private readonly endpoint: StatusEndpoint;
  private readonly listener: StatusListener;
  private response: IncomingMessage | null = null;
  private retry: NodeJS.Timeout | null = null;
  private readonly stallTimer: NodeJS.Timeout;
  private lastReceivedAt = Date.now();
  private isStopped = false;

  constructor(place: StatusEndpoint, listener: StatusListener) {
    this.endpoint = place;
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
    response.on('error', () => {}); // followed by close
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

/** Resolves with an answer of status 200 whose body is still to come. */
function open(place: StatusEndpoint, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = send(place, path);
    const late = setTimeout(() => call.destroy(new Error('does not answer')), RESPONSE_TIMEOUT_MS);
    call.on('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    call.on('response', (response) => {
      clearTimeout(late);
      if (response.statusCode === 200) return resolve(response);
      response.resume();
      reject(new Error(`answers ${response.statusCode}`));
    });
    call.end();
  });
}

function send(place: StatusEndpoint, path: string): ClientRequest {
  const options: RequestOptions = { agent: false };
  if ('socketPath' in place) return httpRequest({ ...options, socketPath: place.socketPath, path: `/${path}` });
  const url = new URL(path, place.url);
  return url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
}
