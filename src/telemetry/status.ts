import type { ClusterStatus } from './cluster-stats.ts';
import type { HistorySample } from './history.ts';

/** One worker of a router with several processes. */
export interface WorkerStatus {
  readonly worker: number;
  readonly pid: number;
  readonly version: string;
  readonly state: 'starting' | 'ready' | 'draining';
  readonly startedAt: number;
  readonly uptimeMs: number;
  /** False while it leaves new connections to the other workers. */
  readonly accepting: boolean;
  readonly connections: { readonly current: number; readonly max: number };
  readonly clients: number;
  readonly inPerSecond: number;
  readonly outPerSecond: number;
  readonly latencyP99Ms: number;
  readonly eventLoopP99Ms: number;
  readonly queueBytes: number;
  readonly rssBytes: number;
  readonly cpuPercent: number;
}

/** A line of the response to `POST /api/restart`. */
export type RestartProgress =
  | { readonly kind: 'replaced'; readonly worker: number; readonly of: number; readonly version: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: string; readonly isIncompatible: boolean };

/** Document of `/api/status`, `--daemon-status --json` and the status page. Keys are stable; new keys may be added. */
export interface RouterStatus {
  readonly name: 'rpc-dart-router';
  readonly version: string;
  /** Random per process: distinguishes a restart from a reload. */
  readonly instanceId: string;
  readonly pid: number;
  readonly node: string;
  /** Undocumented parts of Node.js: whether each is in use. Keys as in the metric rpc_router_capability. */
  readonly capabilities: Readonly<Record<string, boolean>>;
  readonly state: 'starting' | 'ready' | 'draining';
  readonly startedAt: number;
  readonly uptimeMs: number;
  readonly listening: readonly {
    readonly purpose: 'grpc' | 'metrics' | 'api';
    readonly host: string;
    readonly port: number;
  }[];
  readonly connections: {
    readonly current: number;
    readonly total: number;
    readonly max: number;
    readonly refused: Readonly<Record<string, number>>;
  };
  readonly clients: {
    readonly current: number;
    readonly total: number;
    readonly byStatus: Readonly<Record<string, number>>;
    /** At most the 50 largest groups. */
    readonly byGroup: readonly { readonly group: string; readonly members: number }[];
    /** Whether `/api/clients` lists the clients (--status-page-clients). */
    readonly listed: boolean;
  };
  readonly messages: {
    readonly inByType: Readonly<Record<string, number>>;
    readonly outByType: Readonly<Record<string, number>>;
    readonly bytesIn: number;
    readonly bytesOut: number;
    /** Averages of the last 5 seconds. */
    readonly inPerSecond: number;
    readonly outPerSecond: number;
    readonly inPerSecondByType: Readonly<Record<string, number>>;
    readonly dropped: Readonly<Record<string, number>>;
  };
  /** Routing latency over the last minute, in milliseconds, interpolated in the histogram's buckets. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly queues: { readonly bytes: number; readonly slowReaders: number };
  readonly sessions: {
    readonly current: number;
    /** Sessions without a connection. */
    readonly away: number;
    readonly resumed: number;
    readonly expired: number;
    readonly messagesReplayed: number;
    readonly messagesLost: number;
  };
  /** The other routers; absent in a router on its own. */
  readonly cluster?: ClusterStatus;
  readonly authFailures: number;
  /** Newest first, at most 50. Ids, names and addresses only with --status-page-clients. */
  readonly recentlyClosed: readonly {
    readonly at: number;
    /** One of CLOSE_REASONS, as in the metric rpc_router_clients_closed_total. */
    readonly reason: string;
    readonly connectedMs: number;
    readonly clientId?: string;
    readonly clientName?: string | null;
    readonly address?: string;
  }[];
  readonly reload: {
    /** Reloads since the start, refused ones included. */
    readonly count: number;
    readonly lastAt: number | null;
    readonly outcome: 'none' | 'applied' | 'unchanged' | 'refused';
    readonly changes: readonly { readonly key: string; readonly from: string; readonly to: string }[];
    readonly errors: readonly string[];
    /** `errors` in Russian, for the commands. */
    readonly errorsRu: readonly string[];
    readonly configDigest: string;
    /** Warnings about the configuration that the last reload applied. */
    readonly warnings: readonly string[];
    /** `warnings` in Russian, for the commands. */
    readonly warningsRu: readonly string[];
    /** Certificate and tokens in use, as read at the start or at the last applied reload. */
    readonly inForce: {
      readonly certificateSubject: string | null;
      readonly certificateExpiresAt: number | null;
      readonly clientCaSubject: string | null;
      /** Number of valid tokens; null without authentication by token. */
      readonly tokens: number | null;
    };
  };
  readonly eventLoop: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  readonly memory: {
    readonly rssBytes: number;
    readonly heapUsedBytes: number;
    readonly externalBytes: number;
    /** Resident memory at which PM2 restarts the daemon (max-memory); null in the foreground. */
    readonly limitBytes: number | null;
  };
  readonly cpu: { readonly percent: number; readonly totalSeconds: number };
  /** Each worker; absent with one process. Everything else is then the sum of them, latencies and delays the worst of them. */
  readonly workers?: readonly WorkerStatus[];
  /** The newest sample of `/api/status/history`, for charts to append; null in the first second. */
  readonly lastSecond: HistorySample | null;
}
