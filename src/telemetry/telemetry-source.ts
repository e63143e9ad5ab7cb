import type { RouterCore } from '../router/index.ts';
import type { JobGuard } from './job-guard.ts';
import type { MemoryReader } from './memory-reader.ts';
import type { RouterStatus } from './status.ts';

/** What telemetry reads of a running router. It reads only, and only when somebody asks or once a second. */
export interface TelemetrySource {
  readonly core: RouterCore;
  readonly jobs: JobGuard;
  readonly memory: MemoryReader;
  readonly version: string;
  readonly instanceId: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Since the start, by the monotonic clock. */
  readonly uptimeMs: () => number;
  readonly state: () => RouterStatus['state'];
  readonly listening: () => RouterStatus['listening'];
  readonly connections: () => number;
  readonly maxConnections: () => number;
  readonly reload: () => RouterStatus['reload'];
  /** Memory at which the process is restarted from outside; null when nobody does that. */
  readonly memoryLimitBytes: () => number | null;
  readonly logLinesByLevel: () => Readonly<Record<string, number>>;
  readonly logLinesLost: () => number;
  /** When the server's certificate ends, milliseconds since the epoch; null without TLS. */
  readonly certificateExpiresAt: () => number | null;
  /** Whether ids and names of clients may be shown. */
  readonly showClients: () => boolean;
}
