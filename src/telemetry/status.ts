import type { HistorySample } from './history.ts';

/** The document of `/api/status`, of `--daemon-status --json` and of the status page. Keys are stable; additions are not a break. */
export interface RouterStatus {
  readonly name: 'rpc-dart-router';
  readonly version: string;
  /** Random per process: tells a restart from a reload. */
  readonly instanceId: string;
  readonly pid: number;
  readonly node: string;
  readonly state: 'starting' | 'ready' | 'draining';
  readonly startedAt: number;
  readonly uptimeMs: number;
  readonly listening: readonly { readonly purpose: 'grpc' | 'metrics'; readonly host: string; readonly port: number }[];
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
    /** Whether `/api/clients` lists them: with --status-page-clients. */
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
  readonly authFailures: number;
  /** Newest first, at most 50. Ids and names only with --status-page-clients. */
  readonly recentlyClosed: readonly {
    readonly at: number;
    /** One of CLOSE_REASONS, as in the metric rpc_router_clients_closed_total. */
    readonly reason: string;
    readonly connectedMs: number;
    readonly clientId?: string;
    readonly clientName?: string | null;
  }[];
  readonly reload: {
    /** Reloads tried since the start, refused ones included: grows by one with each. */
    readonly count: number;
    readonly lastAt: number | null;
    readonly outcome: 'none' | 'applied' | 'unchanged' | 'refused';
    readonly changes: readonly { readonly key: string; readonly from: string; readonly to: string }[];
    readonly errors: readonly string[];
    /** The same in Russian, for the commands. */
    readonly errorsRu: readonly string[];
    readonly configDigest: string;
    /** What an operator should know about the configuration that the last reload put into force. */
    readonly warnings: readonly string[];
    /** The same in Russian, for the commands. */
    readonly warningsRu: readonly string[];
    /** What clients meet, as the files said at the start or at the last good reload. */
    readonly inForce: {
      readonly certificateSubject: string | null;
      readonly certificateExpiresAt: number | null;
      readonly clientCaSubject: string | null;
      /** Valid tokens; null when none are asked for. */
      readonly tokens: number | null;
    };
  };
  readonly eventLoop: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  readonly memory: {
    readonly rssBytes: number;
    readonly heapUsedBytes: number;
    readonly externalBytes: number;
    /** Where PM2 restarts the daemon (max-memory); null in the foreground. */
    readonly limitBytes: number | null;
  };
  readonly cpu: { readonly percent: number; readonly totalSeconds: number };
  /** The newest sample of `/api/status/history`, null in the first second: what a chart appends. */
  readonly lastSecond: HistorySample | null;
}
