import { getHeapStatistics } from 'node:v8';
import type { JobGuard } from './job-guard.ts';

const BYTES_PER_KIB = 1024;

export interface MemoryUsage {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
}

/**
 * Memory of this process. Node reads resident memory from `/proc`, which takes a file descriptor and can fail. Then the
 * last known value is returned or, without one, the peak from getrusage(2), which needs no file.
 */
export class MemoryReader {
  private readonly jobs: JobGuard;
  private lastRssBytes: number | null = null;

  constructor(jobs: JobGuard) {
    this.jobs = jobs;
  }

  rssBytes(): number {
    const rssBytes = this.jobs.run('memory', () => process.memoryUsage.rss(), this.lastRssBytes);
    if (rssBytes === null) return process.resourceUsage().maxRSS * BYTES_PER_KIB;
    this.lastRssBytes = rssBytes;
    return rssBytes;
  }

  /** Heap figures come from V8 itself and cannot fail. */
  heap(): Omit<MemoryUsage, 'rssBytes'> {
    const { used_heap_size, external_memory } = getHeapStatistics();
    return { heapUsedBytes: used_heap_size, externalBytes: external_memory };
  }

  all(): MemoryUsage {
    return { rssBytes: this.rssBytes(), ...this.heap() };
  }
}
