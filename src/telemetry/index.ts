export { ClosedClientsRing } from './closed-clients-ring.ts';
export {
  CLUSTER_PROBLEMS,
  type ClusterProblem,
  type ClusterStats,
  type ClusterStatus,
  type NodeStats,
} from './cluster-stats.ts';
export { type Job, JobGuard } from './job-guard.ts';
export { MemoryReader } from './memory-reader.ts';
export { createRegistry, metricDefinitions } from './metrics.ts';
export { type RouterStats, routerStats } from './router-stats.ts';
export { Sampler } from './sampler.ts';
export { Slices, sortInSlices } from './sliced-work.ts';
export { statisticsLines } from './statistics.ts';
export type { RouterStatus } from './status.ts';
export { reportStatus } from './status-report.ts';
export type { TelemetrySource } from './telemetry-source.ts';
