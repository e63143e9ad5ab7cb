import type { Registry } from 'prom-client';
import type { HistogramCounter } from '../router/index.ts';

type Labels = Readonly<Record<string, string | number>>;

/** One line of the exposition format. */
export interface MetricValue {
  readonly value: number;
  readonly labels?: Labels;
  /** Differs from the name of the metric for the lines of a histogram. */
  readonly metricName?: string;
}

/** A metric, for the registry and for the generated documentation. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  /** Returns the current values; called on each scrape. */
  readonly read: () => readonly MetricValue[];
}

/**
 * Registers a metric that reads its values on each scrape. prom-client's Counter and Histogram keep their own values, which
 * costs too much on the hot path; the registry accepts any object with a `get()` method.
 */
export function registerCallbackMetric(registry: Registry, definition: MetricDefinition): void {
  const { name, help, type, read } = definition;
  const metric = { name, help, type, get: async () => ({ name, help, type, values: read(), aggregator: 'sum' }) };
  registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
}

/** The values of a metric without labels. */
export function single(value: number): MetricValue[] {
  return [{ value }];
}

/** One value per entry of `counts`, with its key as the label `label`. */
export function labelled(label: string, counts: Readonly<Record<string, number>>): MetricValue[] {
  return Object.entries(counts).map(([key, value]) => ({ labels: { [label]: key }, value }));
}

/** The lines of a histogram: cumulative buckets, sum and count. */
export function histogramValues(name: string, histogram: HistogramCounter, labels: Labels = {}): MetricValue[] {
  let cumulative = 0;
  const buckets = Array.from(histogram.counts, (count, i) => {
    cumulative += count;
    const le = histogram.boundsSeconds[i] ?? '+Inf';
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: cumulative };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: histogram.sum },
    { metricName: `${name}_count`, labels, value: histogram.count },
  ];
}
