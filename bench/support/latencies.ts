/** Collects latencies and computes their percentiles. */
export class Latencies {
  private readonly samples: Float64Array;
  private count = 0;

  constructor(capacity: number) {
    this.samples = new Float64Array(capacity);
  }

  /** Adds a latency in milliseconds; beyond the capacity it is ignored. */
  add(milliseconds: number): void {
    if (this.count < this.samples.length) this.samples[this.count++] = milliseconds;
  }

  /** Adds all of `others`. */
  addAll(others: Latencies): void {
    for (const sample of others.samples.subarray(0, others.count)) this.add(sample);
  }

  /** The latency that `share` (0 to 1) of the samples do not exceed, in microseconds. */
  microseconds(share: number): number {
    const sorted = this.samples.slice(0, this.count).sort();
    const index = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
    return (sorted[index] ?? Number.NaN) * 1000;
  }
}

/** The middle value, or the mean of the two middle values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
