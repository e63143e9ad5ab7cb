import { CAPABILITIES } from '../../src/app/index.ts';
import { DEFAULT_CONFIG, VERSION } from '../../src/config/index.ts';
import { Counters, RouterCore } from '../../src/router/index.ts';
import {
  ApiCounters,
  CLUSTER_PROBLEMS,
  type ClusterProblem,
  type ClusterStats,
  JobGuard,
  MemoryReader,
  metricDefinitions,
  routerStats,
  Sampler,
  type TelemetrySource,
} from '../../src/telemetry/index.ts';
import { workerMetrics } from '../../src/workers/index.ts';

type Definition = ReturnType<typeof metricDefinitions>[number];

/** Labels with more values are not listed. */
const MOST_VALUES = 20;
const NUMERIC_LABELS = new Set(['le', 'node', 'version']);

/** docs/metrics.md: every metric with its labels. */
export function metricsReference(): string {
  const source = idleSource();
  const sampler = new Sampler(source, () => {});
  try {
    const workers = workerMetrics({ size: 1, serving: [], restarts: { crash: 0, hang: 0, memory: 0, restart: 0 } });
    const definitions = [...metricDefinitions(source, sampler), ...workers];
    const rows = definitions.map(({ name, type, help, labels = [] }) => {
      const shown = labels.filter((label) => label !== 'le').map((label) => `\`${label}\``);
      return `| \`${name}\` | ${type} | ${shown.join(', ')} | ${help} |`;
    });
    return `${[HEAD, '| Metric | Type | Labels | |\n|---|---|---|---|', ...rows].join('\n')}\n\n${labelValues(definitions)}`;
  } finally {
    sampler.stop();
  }
}

const HEAD = `<!-- Generated from src/telemetry/metrics*.ts by \`npm run generate\`. -->

# Metrics

With \`--metrics\` the router serves \`http://127.0.0.1:9090/metrics\` for Prometheus; address and port are \`--metrics-host\` and
\`--metrics-port\`. The hot path only increments plain numbers, which are read at each scrape. Label values come from closed sets:
never client ids, groups or addresses. With \`--workers\` each series has the label \`worker\`: the number of the worker, or \`parent\`. The same port serves \`/healthz\` (liveness), \`/readyz\` (readiness; 503 while draining),
\`/api/status\` (JSON) and the status page \`/\`.

\`\`\`bash
curl http://127.0.0.1:9090/metrics
\`\`\`

Percentiles are computed from the histograms, for instance the p99 of the routing latency:

\`\`\`text
histogram_quantile(0.99, sum by (le) (rate(rpc_router_routing_latency_seconds_bucket[5m])))
\`\`\`
`;

/** The closed sets of label values, from the metrics of an idle router. */
function labelValues(definitions: readonly Definition[]): string {
  const lines = definitions.flatMap(({ name, labels = [], read }) =>
    labels
      .filter((label) => !NUMERIC_LABELS.has(label))
      .map((label) => {
        const values = [...new Set(read().map((value) => String(value.labels?.[label])))];
        if (values.length === 0 || values.length > MOST_VALUES) return null;
        return `- \`${name}\`: \`${label}\` is ${values.map((value) => `\`${value}\``).join(', ')}`;
      })
      .filter((line) => line !== null),
  );
  return `## Values of labels\n\n${lines.join('\n')}\n`;
}

/** A router without connections. */
function idleSource(): TelemetrySource {
  const jobs = new JobGuard({ warnOnce: nothing });
  return {
    router: routerStats(idleCore()),
    cluster: idleCluster(),
    api: new ApiCounters(),
    jobs,
    memory: new MemoryReader(jobs),
    version: VERSION,
    instanceId: '',
    startedAt: 0,
    uptimeMs: () => 0,
    state: () => 'ready',
    listening: () => [],
    connections: () => 0,
    maxConnections: () => 0,
    reload: () => NO_RELOAD,
    memoryLimitBytes: () => null,
    logLinesByLevel: () => ({}),
    logLinesLost: () => 0,
    certificateExpiresAt: () => 0,
    capabilities: Object.fromEntries(CAPABILITIES.map((name) => [name, true])),
    showClients: () => false,
  };
}

const nothing = (): void => {};

/** A router core without clients. */
export function idleCore(): RouterCore {
  return new RouterCore({
    clock: { now: () => 0, monotonicMs: () => 0, after: () => nothing, atTickEnd: nothing },
    log: { debug: nothing, info: nothing, warnOnce: nothing },
    counters: new Counters(),
    limits: DEFAULT_CONFIG,
    newClientId: () => 'client_0',
    messagesPerSecond: () => 0,
    observer: { clientClosed: nothing },
    bindsByCredential: false,
    cleanMetadata: (metadata) => metadata,
    sessionTokens: { issue: () => '', firstGeneration: () => 0, verify: () => null },
  });
}

const NO_RELOAD: ReturnType<TelemetrySource['reload']> = {
  count: 0,
  lastAt: null,
  outcome: 'none',
  changes: [],
  errors: [],
  errorsRu: [],
  configDigest: '',
  warnings: [],
  warningsRu: [],
  inForce: { certificateSubject: null, certificateExpiresAt: null, clientCaSubject: null, tokens: null },
};

function idleCluster(): ClusterStats {
  return {
    label: '',
    usesNats: true,
    isConnected: true,
    nodes: () => [],
    totals: () => ({ messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 }),
    problems: () => Object.fromEntries(CLUSTER_PROBLEMS.map((kind) => [kind, 0])) as Record<ClusterProblem, number>,
  };
}
