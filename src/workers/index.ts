export { workerMetrics } from './metrics.ts';
export {
  type ParentMessage,
  type PreparedReload,
  type Question,
  type StartFailure,
  WORKER_ARGUMENT,
  WORKER_PROTOCOL,
  type WorkerMessage,
  type WorkerStart,
} from './protocol.ts';
export { runWorkers } from './run.ts';
