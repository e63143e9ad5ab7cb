import type { Registry } from 'prom-client';
import type { HistogramCounter } from '../router/index.ts';

type Labels = Readonly<Record<string, string | number>>;

/** One line of the exposition format. */
export interface MetricValue {
  readonly value: number;
  readonly labels?: Labels;
  /** Where it differs from the metric's own name, as in a histogram. */
  readonly metricName?: string;
}

/** A metric as the documentation and the registry see it. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  /** Reads the values at the time of a scrape. */
  readonly read: () => readonly MetricValue[];
}

/**
 * Registers a metric whose values are read when they are scraped. prom-client's own Counter and Histogram count for
 * themselves, which the hot path cannot afford; the registry takes anything that has `get()`.
 */
export function registerReadMetric(registry: Registry, definition: MetricDefinition): void {
  const { name, help, type, read } = definition;
  const metric = { name, help, type, get: async () => ({ name, help, type, values: read(), aggregator: 'sum' }) };
  registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
}

/** A number as a metric's only value. */
export function single(value: number): MetricValue[] {
  return [{ value }];
}

/** Each entry of `counts` as a value with the label `label`. */
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
