const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Collects signals while the program loads and while it exits. Without a handler SIGHUP and SIGUSR2 end the process, and
 * SIGUSR1 opens Node's debugger. This module has no imports, so that the handlers are installed before other modules load.
 */
export class EarlySignals {
  private readonly pending = new Set<NodeJS.Signals>();
  private readonly collect = (signal: NodeJS.Signals): void => {
    this.pending.add(signal);
  };

  constructor() {
    this.hold();
  }

  /** Starts collecting; call it before other handlers are removed. */
  hold(): void {
    for (const signal of SIGNALS) process.on(signal, this.collect);
  }

  /** Stops collecting; returns each received signal once. Install the handlers before the call. */
  take(): readonly NodeJS.Signals[] {
    for (const signal of SIGNALS) process.off(signal, this.collect);
    const taken = [...this.pending];
    this.pending.clear();
    return taken;
  }
}
