import { close, url } from 'node:inspector';
import type { PendingSignals } from '../cli/index.ts';

/** The actions that signals trigger. */
export interface SignalActions {
  readonly stop: () => void;
  readonly reload: () => void;
  readonly statistics: () => void;
  readonly toggleDebug: () => void;
}

/** Installs the signal handlers and runs the actions of signals received during loading; the result removes the handlers. */
export function handleSignals(actions: SignalActions, early: PendingSignals | undefined): () => void {
  const handlers: readonly [NodeJS.Signals, () => void][] = [
    ['SIGTERM', actions.stop],
    ['SIGINT', actions.stop],
    ['SIGHUP', actions.reload],
    ['SIGUSR1', actions.statistics],
    ['SIGUSR2', actions.toggleDebug],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  const pending = new Set(early?.take());
  for (const [signal, handler] of handlers) if (pending.has(signal)) handler();
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/**
 * Closes a debugger that no option requested: a SIGUSR1 during the start of Node.js, before this program can install a
 * handler, opens one on port 9229. Returns whether there was one.
 */
export function closeStrayDebugger(execArgv: readonly string[], nodeOptions: string): boolean {
  if (url() === undefined) return false;
  const isWanted = [...execArgv, ...nodeOptions.split(/\s+/)].some((option) => option.startsWith('--inspect'));
  if (!isWanted) close();
  return !isWanted;
}
