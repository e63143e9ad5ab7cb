const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Collects signals while the program is loaded and again while it ends. Without a handler SIGHUP and SIGUSR2 end the
 * process, and SIGUSR1 opens Node's debugger. This module imports nothing, so that the handlers are set first.
 */
export class EarlySignals {
  private readonly pending = new Set<NodeJS.Signals>();
  private readonly collect = (signal: NodeJS.Signals): void => {
    this.pending.add(signal);
  };

  constructor() {
    this.hold();
  }

  /** Collects from now on; to be called before other handlers are removed. */
  hold(): void {
    for (const signal of SIGNALS) process.on(signal, this.collect);
  }

  /** Stops collecting; returns each signal that came, once. Handlers for them have to be set already. */
  take(): readonly NodeJS.Signals[] {
    for (const signal of SIGNALS) process.off(signal, this.collect);
    const taken = [...this.pending];
    this.pending.clear();
    return taken;
  }
}
