import { setTimeout as delay } from 'node:timers/promises';

export interface PollOptions {
  /** How long the condition may take. Default 5000. */
  readonly limitMs?: number;
  /** Pause between two looks. Default 10. */
  readonly everyMs?: number;
}

/**
 * Waits until `condition` gives something truthy and returns that. `name` says in the failure what was waited for;
 * the last error that the condition threw goes with it.
 */
export async function poll<T>(
  name: string,
  condition: () => T | Promise<T>,
  options: PollOptions = {},
): Promise<NonNullable<T>> {
  const limitMs = options.limitMs ?? 5000;
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

/** Lets time pass, only to prove that nothing happens in it. */
export async function quiet(ms: number): Promise<void> {
  await delay(ms);
}
