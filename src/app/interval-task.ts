/** Runs `task` again and again, with a pause that may be changed between; never keeps the process alive. */
export class IntervalTask {
  private readonly task: () => void;
  private readonly intervalMs: () => number | null;
  private timer: NodeJS.Timeout | null = null;
  private scheduledMs: number | null = null;

  /** `intervalMs` is asked before each pause; null means not at all for now. */
  constructor(intervalMs: () => number | null, task: () => void) {
    this.intervalMs = intervalMs;
    this.task = task;
  }

  /** Starts, or takes a changed interval into account. */
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
