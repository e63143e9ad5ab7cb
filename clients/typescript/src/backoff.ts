/** When to try again after a connection was lost or could not be made. */
export interface ReconnectPolicy {
  /** Upper bound of the first delay, in milliseconds. Default 500. */
  readonly initialDelayMs?: number;
  /** Upper bound of every delay, in milliseconds. Default 30,000. */
  readonly maxDelayMs?: number;
  /** Attempts in a row before the client gives up and closes. Default: endless. */
  readonly maxAttempts?: number;
}

export const DEFAULT_POLICY: Required<ReconnectPolicy> = {
  initialDelayMs: 500,
  maxDelayMs: 30_000,
  maxAttempts: Number.POSITIVE_INFINITY,
};

/**
 * Exponential backoff with full jitter: a delay between 0 and `initial * 2^attempt`, at most `max`. The jitter keeps
 * thousands of clients from returning in the same instant. `attempt` starts at 0.
 */
export function backoffDelayMs(policy: Required<ReconnectPolicy>, attempt: number, random = Math.random): number {
  return random() * Math.min(policy.maxDelayMs, policy.initialDelayMs * 2 ** Math.min(attempt, 30));
}
