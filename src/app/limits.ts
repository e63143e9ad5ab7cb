import type { RouterConfig } from '../config/index.ts';
import type { Limits } from '../router/index.ts';

/** The part of the configuration that the core heeds. */
export function limitsOf(config: RouterConfig): Limits {
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
    healthCheck: config.healthCheck,
  };
}
