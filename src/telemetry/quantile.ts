/**
 * The `q` quantile (0..1) of a histogram, linearly interpolated within its bucket, in the unit of `bounds`. `counts` has
 * one more entry than `bounds`, for values beyond the last bound, which is the result for them. 0 without observations.
 */
export function histogramQuantile(bounds: readonly number[], counts: ArrayLike<number>, q: number): number {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i] ?? 0;
  if (total === 0) return 0;
  const rank = q * total;
  let below = 0;
  for (let i = 0; i < bounds.length; i++) {
    const inBucket = counts[i] ?? 0;
    if (below + inBucket >= rank && inBucket > 0) {
      const from = i === 0 ? 0 : (bounds[i - 1] ?? 0);
      const to = bounds[i] ?? 0;
      return from + ((to - from) * (rank - below)) / inBucket;
    }
    below += inBucket;
  }
  return bounds.at(-1) ?? 0;
}
