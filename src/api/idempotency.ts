import { ApiProblem } from './problem.ts';

const KEPT_MS = 600_000;
const MAX_KEYS = 10_000;

interface Answer<T> {
  readonly fingerprint: string;
  readonly atMs: number;
  readonly value: T;
}

/** Answers by idempotency key, so that a repeated call does not send the message again. */
export class Idempotency<T> {
  private readonly answers = new Map<string, Answer<T>>();
  private readonly monotonicMs: () => number;

  constructor(monotonicMs: () => number) {
    this.monotonicMs = monotonicMs;
  }

  /**
   * The first answer of `key`, or null for a new key. Throws 422 when the key was used with another body; `fingerprint`
   * identifies the body.
   */
  recall(key: string, fingerprint: string): T | null {
    this.forgetOld();
    const answer = this.answers.get(key);
    if (answer === undefined) return null;
    if (answer.fingerprint === fingerprint) return answer.value;
    throw new ApiProblem(422, 'key-reused', 'This Idempotency-Key was used with another body: choose a new key');
  }

  remember(key: string, fingerprint: string, value: T): void {
    const oldest = this.answers.keys().next().value;
    if (this.answers.size >= MAX_KEYS && oldest !== undefined) this.answers.delete(oldest);
    this.answers.set(key, { fingerprint, atMs: this.monotonicMs(), value });
  }

  /** Entries are in the order of their times. */
  private forgetOld(): void {
    const limitMs = this.monotonicMs() - KEPT_MS;
    for (const [key, { atMs }] of this.answers) {
      if (atMs > limitMs) return;
      this.answers.delete(key);
    }
  }
}
