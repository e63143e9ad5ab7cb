import type { RouterConfig } from '../config/index.ts';
import type { Limits } from '../router/index.ts';

/** The limits of the core. A limit without an option of the same name and type does not compile. */
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
