/** What a signal asks for; the actions are short and hold no logic of their own. */
export interface SignalActions {
  readonly stop: () => void;
  readonly reload: () => void;
  readonly statistics: () => void;
  readonly toggleDebug: () => void;
}

/** Maps the signals of the operator's guide to actions; returns what undoes it. */
export function handleSignals(actions: SignalActions): () => void {
  const handlers: readonly [NodeJS.Signals, () => void][] = [
    ['SIGTERM', actions.stop],
    ['SIGINT', actions.stop],
    ['SIGHUP', actions.reload],
    ['SIGUSR1', actions.statistics],
    ['SIGUSR2', actions.toggleDebug],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
