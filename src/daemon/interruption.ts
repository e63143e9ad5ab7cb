import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Records the signal that interrupted a command. */
export class Interruption {
  private signal: NodeJS.Signals | null = null;

  record(signal: NodeJS.Signals): void {
    this.signal = signal;
  }

  get hasOccurred(): boolean {
    return this.signal !== null;
  }

  /** The exit code of a shell command that the signal ended. */
  get exitCode(): number {
    return 128 + (this.signal === null ? 0 : constants.signals[this.signal]);
  }
}

/**
 * Calls `onFirst` at the first terminating signal, so that a command can complete or undo its work; the second signal ends
 * the process. Returns a function that restores the default handling.
 */
export function onInterrupt(onFirst: (signal: NodeJS.Signals) => void): () => void {
  let isFirst = true;
  const handler = (signal: NodeJS.Signals): void => {
    if (isFirst) onFirst(signal);
    else {
      stop();
      process.kill(process.pid, signal);
    }
    isFirst = false;
  };
  const stop = (): void => {
    for (const signal of SIGNALS) process.off(signal, handler);
  };
  for (const signal of SIGNALS) process.on(signal, handler);
  return stop;
}
