/** Runs `task` at an interval that may change at run time. Does not keep the process alive. */
export class IntervalTask {
  private readonly task: () => void;
  private readonly intervalMs: () => number | null;
  private timer: NodeJS.Timeout | null = null;
  private scheduledMs: number | null = null;

  /** `intervalMs` is read by `refresh`; null pauses the task. */
  constructor(intervalMs: () => number | null, task: () => void) {
    this.intervalMs = intervalMs;
    this.task = task;
  }

  /** Starts the task, or applies a changed interval. */
  refresh(): void {
    const next = this.intervalMs();
    if (next === this.scheduledMs) return;
    this.stop();
    this.scheduledMs = next;
    if (next !== null) this.timer = setInterval(this.task, next).unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.scheduledMs = null;
  }
}
