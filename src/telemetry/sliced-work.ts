import { setImmediate } from 'node:timers/promises';

/** Longest time that one slice blocks the event loop. */
const SLICE_MS = 1;
/** Elements sorted without a pause: about a tenth of a slice. */
const RUN_LENGTH = 256;

/** Divides long work into slices; other events are handled between two slices. */
export class Slices {
  /** Completed slices. */
  count = 0;
  private readonly nowMs: () => number;
  private endsMs: number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.nowMs = nowMs;
    this.endsMs = nowMs() + SLICE_MS;
  }

  /** True when it is time to call `next`. */
  get isOver(): boolean {
    return this.nowMs() >= this.endsMs;
  }

  async next(): Promise<void> {
    await setImmediate();
    this.count++;
    this.endsMs = this.nowMs() + SLICE_MS;
  }
}

/** Stable merge sort in slices. Does not modify `items`. */
export async function sortInSlices<T>(items: readonly T[], compare: (a: T, b: T) => number, slices: Slices) {
  let runs: T[][] = [];
  for (let at = 0; at < items.length; at += RUN_LENGTH) {
    if (slices.isOver) await slices.next();
    runs.push(items.slice(at, at + RUN_LENGTH).sort(compare));
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2)
      merged.push(await merge(runs[i] ?? [], runs[i + 1] ?? [], compare, slices));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge<T>(left: T[], right: T[], compare: (a: T, b: T) => number, slices: Slices): Promise<T[]> {
  const merged: T[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    const isRightFirst = compare(left[l] as T, right[r] as T) > 0;
    merged.push((isRightFirst ? right[r++] : left[l++]) as T);
    if (merged.length % RUN_LENGTH === 0 && slices.isOver) await slices.next();
  }
  if (slices.isOver) await slices.next();
  return merged.concat(left.slice(l), right.slice(r));
}
