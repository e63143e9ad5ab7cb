import { setTimeout as delay } from 'node:timers/promises';

/** Time limit of a wait that is expected to succeed. */
export const PATIENCE_MS = 30_000;

export interface PollOptions {
  /** Time limit. Default 30 s: it only bounds a failure, a slow machine must not reach it. */
  readonly limitMs?: number;
  /** Pause between two checks. Default 10. */
  readonly everyMs?: number;
}

/**
 * Waits until `condition` returns a truthy value, and returns it. On failure the error contains `name` and, as its cause, the
 * last error that the condition threw.
 */
export async function poll<T>(
  name: string,
  condition: () => T | Promise<T>,
  options: PollOptions = {},
): Promise<NonNullable<T>> {
  const limitMs = options.limitMs ?? PATIENCE_MS;
  const deadline = performance.now() + limitMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${name}`, { cause });
    await delay(options.everyMs ?? 10);
  }
}

/** Rejects with `name` when `promise` takes longer than `limitMs`. */
export async function within<T>(promise: Promise<T>, limitMs: number, name: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${limitMs} ms: ${name}`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits `ms`, only to prove that nothing happens meanwhile. */
export async function quiet(ms: number): Promise<void> {
  await delay(ms);
}
