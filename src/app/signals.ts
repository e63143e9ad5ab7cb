import type { PendingSignals } from '../cli/index.ts';

/** What a signal asks for; the actions are short and hold no logic of their own. */
export interface SignalActions {
  readonly stop: () => void;
  readonly reload: () => void;
  readonly statistics: () => void;
  readonly toggleDebug: () => void;
}

/** Maps the signals of the operator's guide to actions, those that came early too; returns what undoes it. */
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
