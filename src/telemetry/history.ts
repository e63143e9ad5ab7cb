/** Time series of the status page, one value per second each. */
export const HISTORY_SERIES = [
  'at',
  'connections',
  'clients',
  'inPerSecond',
  'outPerSecond',
  'droppedPerSecond',
  'latencyP50Ms',
  'latencyP95Ms',
  'latencyP99Ms',
  'queueBytes',
  'eventLoopMaxMs',
  'rssBytes',
  'cpuPercent',
] as const;
export type HistorySeries = (typeof HISTORY_SERIES)[number];
export type HistorySample = Readonly<Record<HistorySeries, number>>;

/** 15 minutes. */
export const HISTORY_SECONDS = 15 * 60;

/** Ring buffer of samples, in arrays that are allocated once. */
export class History {
  private readonly columns: Record<HistorySeries, Float64Array>;
  private next = 0;
  private filled = 0;

  constructor(readonly capacity: number = HISTORY_SECONDS) {
    const column = (series: HistorySeries): [HistorySeries, Float64Array] => [series, new Float64Array(capacity)];
    this.columns = Object.fromEntries(HISTORY_SERIES.map(column)) as Record<HistorySeries, Float64Array>;
  }

  add(sample: HistorySample): void {
    for (const series of HISTORY_SERIES) this.columns[series][this.next] = sample[series];
    this.next = (this.next + 1) % this.capacity;
    this.filled = Math.min(this.filled + 1, this.capacity);
  }

  /** The newest sample, or null before the first one. */
  last(): HistorySample | null {
    if (this.filled === 0) return null;
    const place = (this.next - 1 + this.capacity) % this.capacity;
    const value = (series: HistorySeries): [HistorySeries, number] => [series, round(this.columns[series][place] ?? 0)];
    return Object.fromEntries(HISTORY_SERIES.map(value)) as Record<HistorySeries, number>;
  }

  /** All series, oldest sample first. */
  series(): Record<HistorySeries, number[]> {
    const start = (this.next - this.filled + this.capacity) % this.capacity;
    const inOrder = (column: Float64Array): number[] =>
      Array.from({ length: this.filled }, (_, i) => round(column[(start + i) % this.capacity] ?? 0));
    return Object.fromEntries(HISTORY_SERIES.map((series) => [series, inOrder(this.columns[series])])) as Record<
      HistorySeries,
      number[]
    >;
  }
}

/** Three decimals are enough for a chart and halve the size of the document. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
