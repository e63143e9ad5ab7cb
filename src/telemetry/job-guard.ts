import type { LogFields } from '../logging/index.ts';

/** Periodic jobs and measurements whose system calls may fail. */
export const JOBS = [
  'memory',
  'sample',
  'checkTimeouts',
  'tokenExpiry',
  'sweepSlowReaders',
  'heapRoom',
  'memoryReturn',
  'healthCheck',
  'statistics',
] as const;
export type Job = (typeof JOBS)[number];

export interface JobGuardLog {
  warnOnce(cause: string, message: string, fields?: LogFields): void;
}

/**
 * Keeps a failed job from ending the process: existing connections go on without free file descriptors, without `/proc` and
 * on a full disk. Counts each failure and logs the first one of an outage.
 */
export class JobGuard {
  readonly failures: Readonly<Record<Job, number>>;
  private readonly counts = Object.fromEntries(JOBS.map((job) => [job, 0])) as Record<Job, number>;
  private readonly failing = new Set<Job>();
  private readonly log: JobGuardLog;

  constructor(log: JobGuardLog) {
    this.log = log;
    this.failures = this.counts;
  }

  /** Runs `task` and returns its result, or `instead` when it throws. */
  run<T>(job: Job, task: () => T, instead: T): T {
    try {
      const result = task();
      this.failing.delete(job);
      return result;
    } catch (error) {
      this.failed(job, error);
      return instead;
    }
  }

  private failed(job: Job, error: unknown): void {
    this.counts[job]++;
    if (this.failing.has(job)) return;
    this.failing.add(job);
    const cause = error instanceof Error ? error.message : String(error);
    this.log.warnOnce(`job-${job}`, 'Job failed; the router goes on', { job, error: cause });
  }
}
