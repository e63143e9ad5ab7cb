import type { ClientPage, ClientQuery } from '../admin/index.ts';
import type { RouterConfig } from '../config/index.ts';
import type { MetricObject, RouterStatus } from '../telemetry/index.ts';
import type { Text } from '../text/index.ts';

/**
 * Version of the messages between the parent and its workers. During a rolling restart they may be of different releases;
 * a worker of another version is not used.
 */
export const WORKER_PROTOCOL = 1;

/** First argument of a worker's command line; the number of the worker follows. */
export const WORKER_ARGUMENT = '--worker';

/** Configuration of a worker, and the facts that all workers share. */
export interface WorkerStart {
  readonly kind: 'start';
  readonly worker: number;
  /** The configuration in force, with the worker's share of the limits. */
  readonly config: RouterConfig;
  readonly isDebug: boolean;
  /** Key of session tokens for all workers, base64; the one of `session-key-file` takes precedence. */
  readonly sessionKey: string;
  /** Folder of the Unix sockets between workers. */
  readonly linkFolder: string;
}

/** Messages of the parent. */
export type ParentMessage =
  | WorkerStart
  /** Comes with the bound socket. Without `pausesWhenFull` excess connections are refused. */
  | { readonly kind: 'accept'; readonly pausesWhenFull: boolean }
  | { readonly kind: 'pauseAccepting' }
  /** Graceful shutdown; with `isReplaced` other workers go on accepting. */
  | { readonly kind: 'drain'; readonly isReplaced: boolean }
  | { readonly kind: 'stopAtOnce' }
  | { readonly kind: 'debug'; readonly isDebug: boolean }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question };

export type Question =
  | { readonly kind: 'status' }
  | { readonly kind: 'metrics' }
  | { readonly kind: 'clients'; readonly query: ClientQuery }
  | { readonly kind: 'api'; readonly request: ApiRequest }
  | { readonly kind: 'prepareReload'; readonly config: RouterConfig }
  | { readonly kind: 'commitReload' };

/** A request to the HTTP API on the control socket. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** JSON text; empty for none. */
  readonly body: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Result of the first half of a reload; empty `problems` allow the second half. */
export interface PreparedReload {
  readonly problems: readonly Text[];
  /** Changes of TLS and tokens files. */
  readonly fileChanges: RouterStatus['reload']['changes'];
}

/** Answers by the kind of question. */
export interface Answers {
  readonly status: RouterStatus;
  readonly metrics: readonly MetricObject[];
  readonly clients: ClientPage | null;
  readonly api: ApiAnswer;
  readonly prepareReload: PreparedReload;
  readonly commitReload: RouterStatus['reload'];
}

/** Messages of a worker. */
export type WorkerMessage =
  | { readonly kind: 'hello'; readonly protocol: number; readonly version: string }
  /** Everything is prepared: the worker can accept connections. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'accepting' }
  /** The worker does not accept any more, since its share is in use or it has accepted many connections at once. */
  | { readonly kind: 'paused'; readonly admitted: number }
  /** Several times a second; `status` once a second. */
  | { readonly kind: 'beat'; readonly admitted: number; readonly status: RouterStatus | null }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly failure: StartFailure };

/** Cause of a failed start. */
export interface StartFailure {
  /** Problems of the configuration, or an error of the system. */
  readonly problems: readonly Text[];
  readonly error: {
    readonly message: string;
    readonly code?: string | undefined;
    readonly port?: number | undefined;
    readonly address?: string | undefined;
  } | null;
}
