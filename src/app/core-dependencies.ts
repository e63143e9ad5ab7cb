import type { RouterConfig } from '../config/index.ts';
import type { Clock, Limits } from '../router/index.ts';

/** The limits of the core. Does not compile when a limit has no option of the same name and type. */
export function limitsOf(config: Pick<RouterConfig, keyof Limits>): Limits {
  return {
    maxMessageBytes: config.maxMessageBytes,
    maxSendQueueBytes: config.maxSendQueueBytes,
    maxBufferBytes: config.maxBufferBytes,
    writeDeadlineMs: config.writeDeadlineMs,
    maxClientsPerConnection: config.maxClientsPerConnection,
    maxGroups: config.maxGroups,
    maxPendingRequests: config.maxPendingRequests,
    clientTimeoutMs: config.clientTimeoutMs,
    healthCheckIntervalMs: config.healthCheckIntervalMs,
    sessionWindowMs: config.sessionWindowMs,
    sessionBufferBytes: config.sessionBufferBytes,
  };
}

/** System time. The timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
  atTickEnd: (run) => {
    setImmediate(run);
  },
};
