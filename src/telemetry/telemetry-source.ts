import type { ApiCounters } from './api-counters.ts';
import type { ClusterStats } from './cluster-stats.ts';
import type { JobGuard } from './job-guard.ts';
import type { MemoryReader } from './memory-reader.ts';
import type { RouterStats } from './router-stats.ts';
import type { RouterStatus } from './status.ts';

/** Read-only inputs of telemetry. They are read on request and once a second. */
export interface TelemetrySource {
  readonly router: RouterStats;
  /** Null in a router on its own. */
  readonly cluster: ClusterStats | null;
  readonly api: ApiCounters;
  readonly jobs: JobGuard;
  readonly memory: MemoryReader;
  readonly version: string;
  readonly instanceId: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Measured with the monotonic clock. */
  readonly uptimeMs: () => number;
  readonly state: () => RouterStatus['state'];
  readonly listening: () => RouterStatus['listening'];
  readonly connections: () => number;
  readonly maxConnections: () => number;
  readonly reload: () => RouterStatus['reload'];
  /** Resident memory at which the supervisor restarts the process; null without a supervisor. */
  readonly memoryLimitBytes: () => number | null;
  readonly logLinesByLevel: () => Readonly<Record<string, number>>;
  readonly logLinesLost: () => number;
  /** Expiry of the server certificate, milliseconds since the epoch; null without TLS. */
  readonly certificateExpiresAt: () => number | null;
  /** Undocumented parts of Node.js: whether each is in use. */
  readonly capabilities: Readonly<Record<string, boolean>>;
  /** Whether ids and names of clients may be shown. */
  readonly showClients: () => boolean;
}
