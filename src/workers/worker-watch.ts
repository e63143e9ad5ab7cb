import type { Logger } from '../logging/index.ts';
import { LATE_AFTER_MS, type WorkerProcess } from './worker-process.ts';

export interface WorkerWatchOptions {
  readonly log: Logger;
  /** Silence after which a worker is killed. */
  readonly timeoutMs: () => number;
  /** Resident memory of a worker beyond which it is replaced; null without a limit. */
  readonly memoryLimitBytes: () => number | null;
  readonly onMemoryExceeded: (worker: WorkerProcess) => void;
}

export const CHECK_INTERVAL_MS = 250;
const START_TIMEOUT_MS = 30_000;

/** Kills workers that do not respond, and reports those that use too much memory. Call `check` every 250 ms. */
export class WorkerWatch {
  private readonly options: WorkerWatchOptions;
  private checkedAtMs = performance.now();

  constructor(options: WorkerWatchOptions) {
    this.options = options;
  }

  check(workers: readonly WorkerProcess[]): void {
    const nowMs = performance.now();
    const isLate = nowMs - this.checkedAtMs > CHECK_INTERVAL_MS + LATE_AFTER_MS;
    this.checkedAtMs = nowMs;
    // this process was blocked or suspended itself, and has not read the beats of that time
    if (isLate) for (const worker of workers) worker.lastBeatAtMs = nowMs;
    for (const worker of workers) {
      this.checkResponse(worker, nowMs);
      this.checkMemory(worker);
    }
  }

  private checkResponse(worker: WorkerProcess, nowMs: number): void {
    const { log, timeoutMs } = this.options;
    const limitMs = worker.state === 'starting' ? START_TIMEOUT_MS : timeoutMs();
    const silentMs = Math.round(nowMs - worker.lastBeatAtMs);
    if (silentMs <= limitMs || worker.endReason === 'hang') return;
    log.error('Worker does not respond, it is killed', { worker: worker.number, pid: worker.pid, silentMs });
    worker.endReason = 'hang';
    worker.kill();
  }

  private checkMemory(worker: WorkerProcess): void {
    const { log, memoryLimitBytes, onMemoryExceeded } = this.options;
    const limitBytes = memoryLimitBytes();
    const rssBytes = worker.status?.memory.rssBytes ?? 0;
    if (limitBytes === null || rssBytes <= limitBytes || worker.state !== 'ready' || worker.endReason !== null) return;
    worker.endReason = 'memory';
    log.warning('Worker uses more than its share of max-memory, it is replaced', {
      worker: worker.number,
      rssBytes,
      limitBytes,
    });
    onMemoryExceeded(worker);
  }
}
