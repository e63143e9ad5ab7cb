export { aggregateMetrics, type MetricObject, type MetricRegistry } from './aggregate-metrics.ts';
export { ApiCounters } from './api-counters.ts';
export type { MetricDefinition } from './callback-metric.ts';
export { labelled, single } from './callback-metric.ts';
export { ClosedClientsRing } from './closed-clients-ring.ts';
export {
  CLUSTER_PROBLEMS,
  type ClusterProblem,
  type ClusterStats,
  type ClusterStatus,
  type NodeStats,
} from './cluster-stats.ts';
export { HISTORY_SERIES, History, type HistorySample } from './history.ts';
export { type Job, JobGuard } from './job-guard.ts';
export { MemoryReader } from './memory-reader.ts';
export { createRegistry, metricDefinitions, reloadMetrics } from './metrics.ts';
export { type RouterStats, routerStats } from './router-stats.ts';
export { Sampler } from './sampler.ts';
export { Slices, sortInSlices } from './sliced-work.ts';
export { statisticsLines } from './statistics.ts';
export type { RestartProgress, RouterStatus, WorkerStatus } from './status.ts';
export { reportStatus } from './status-report.ts';
export type { TelemetrySource } from './telemetry-source.ts';
