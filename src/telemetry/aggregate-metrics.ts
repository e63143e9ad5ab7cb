import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from 'prom-client';

/** A metric with its values, as plain JSON. */
export type MetricObject = MetricObjectWithValues<MetricValue<string>>;
export type MetricRegistry = Registry;

/** The metrics of one process, and the value of the label `worker` that tells them from those of the others. */
export interface WorkerMetrics {
  readonly worker: string;
  readonly metrics: readonly MetricObject[];
}

/** Text of the metrics of several processes. Each series carries its process in the label `worker`, so that sums are right. */
export function aggregateMetrics(processes: readonly WorkerMetrics[]): Promise<string> {
  const all = processes.map(({ worker, metrics }) => metrics.map((metric) => withLabel(metric, worker)));
  return AggregatorRegistry.aggregate(all as unknown as object[]).metrics();
}

function withLabel(metric: MetricObject, worker: string): MetricObject {
  return { ...metric, values: metric.values.map((value) => ({ ...value, labels: { ...value.labels, worker } })) };
}
