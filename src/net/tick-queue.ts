/**
 * Runs a limited number of tasks per event-loop tick, so that thousands of connections that open or close at once do not
 * block the others. A single task runs at once.
 */
export class TickQueue {
  private readonly tasksPerTick: number;
  private readonly queue: (() => void)[] = [];
  private ranThisTick = 0;
  private readonly onTick = (): void => this.runTick();

  constructor(tasksPerTick: number) {
    this.tasksPerTick = tasksPerTick;
  }

  run(task: () => void): void {
    if (this.ranThisTick >= this.tasksPerTick) {
      this.queue.push(task);
      return;
    }
    if (this.ranThisTick++ === 0) setImmediate(this.onTick);
    task();
  }

  private runTick(): void {
    this.ranThisTick = Math.min(this.tasksPerTick, this.queue.length);
    if (this.ranThisTick === 0) return;
    setImmediate(this.onTick);
    // removed before they run, so that finished tasks are collectable even if the queue never drains
    for (const task of this.queue.splice(0, this.ranThisTick)) task();
  }
}
