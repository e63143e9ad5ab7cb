import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { RouterStatus } from '../telemetry/index.ts';

const ANSWER_LIMIT_MS = 3000;
const RETRY_MS = 1000;
/** The router sends once a second. */
const SILENCE_MS = 5000;
/** A status document is some kilobytes: what sends this much without an end is no router. */
const MAX_DOCUMENT_CHARS = 16 * 1024 * 1024;

/** Where a router answers: a control socket, or the address of its metrics. */
export type Place = { readonly socketPath: string } | { readonly url: URL };

/** What one who follows a router is told. */
export interface Listener {
  status(status: RouterStatus): void;
  /** Nothing has come since `heardAt`: the connection is lost, or the router does not send. */
  trouble(kind: 'lost' | 'stalled', heardAt: number): void;
}

export function describePlace(place: Place): string {
  return 'url' in place ? place.url.href : place.socketPath;
}

/** The status at this moment; `forbidden` when the router is not for this user, null when none answers. */
export async function askOnce(place: Place): Promise<RouterStatus | 'forbidden' | null> {
  try {
    const response = await open(place, 'api/status');
    response.setTimeout(ANSWER_LIMIT_MS, () => response.destroy(new Error('does not answer')));
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
export class Follower {
  private readonly place: Place;
  private readonly listener: Listener;
  private response: IncomingMessage | null = null;
  private retry: NodeJS.Timeout | null = null;
  private readonly watch: NodeJS.Timeout;
  private heardAt = Date.now();
  private isStopped = false;

  constructor(place: Place, listener: Listener) {
    this.place = place;
    this.listener = listener;
    this.watch = setInterval(() => this.checkSilence(), 1000);
    this.connect();
  }

  stop(): void {
    this.isStopped = true;
    clearInterval(this.watch);
    if (this.retry !== null) clearTimeout(this.retry);
    this.response?.destroy();
  }

  private connect(): void {
    open(this.place, 'api/status/stream').then(
      (response) => this.follow(response),
      () => this.lost(),
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
    response.once('close', () => this.lost());
  }

  private receive(event: string): void {
    if (!event.startsWith('data: ')) return;
    try {
      const status = JSON.parse(event.slice('data: '.length)) as RouterStatus;
      this.heardAt = Date.now();
      this.listener.status(status);
    } catch {
      this.response?.destroy(); // not a router
    }
  }

  private lost(): void {
    if (this.isStopped) return;
    this.response = null;
    this.listener.trouble('lost', this.heardAt);
    this.retry = setTimeout(() => this.connect(), RETRY_MS);
  }

  private checkSilence(): void {
    if (this.response !== null && Date.now() - this.heardAt > SILENCE_MS)
      this.listener.trouble('stalled', this.heardAt);
  }
}

/** Resolves with an answer of status 200 whose body is still to come. */
function open(place: Place, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = send(place, path);
    const late = setTimeout(() => call.destroy(new Error('does not answer')), ANSWER_LIMIT_MS);
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

function send(place: Place, path: string): ClientRequest {
  const options: RequestOptions = { agent: false };
  if ('socketPath' in place) return httpRequest({ ...options, socketPath: place.socketPath, path: `/${path}` });
  const url = new URL(path, place.url);
  return url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
}
