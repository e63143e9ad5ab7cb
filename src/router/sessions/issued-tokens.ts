/** Responses that may be outstanding: a client that repeats a resume uses its current token or one of the newest. */
const MAX_OUTSTANDING = 16;

/**
 * The generations of the valid tokens of one session. A token is valid until a newer one has been used, so that a lost
 * response does no harm.
 */
export class IssuedTokens {
  private last: number;
  private used = 0;
  /** `skippedCount` of the replay buffer that was reported with each valid token. */
  private readonly skipped = new Map<number, number>();

  /**
   * `first` has to be random: the same client id may get another session, after a restart or after the first has ended, and
   * the tokens of the former one must not be valid for it.
   */
  constructor(first: number) {
    this.last = first;
  }

  /** The `skippedCount` that the answer of the used token reported. */
  get reportedSkipped(): number {
    return this.skipped.get(this.used) ?? 0;
  }

  /** The client has received all messages before those that follow `skippedCount` dropped ones. */
  set reportedSkipped(skippedCount: number) {
    this.skipped.set(this.used, skippedCount);
  }

  issue(skippedCount: number): number {
    const generation = ++this.last;
    this.skipped.set(generation, skippedCount);
    for (const old of this.skipped.keys()) {
      if (this.skipped.size <= MAX_OUTSTANDING) break;
      if (old !== this.used) this.skipped.delete(old);
    }
    return generation;
  }

  /** Uses a token and invalidates older ones. True for its first use, false for a repetition, null for an invalid token. */
  use(generation: number): boolean | null {
    if (!this.skipped.has(generation)) return null;
    const isNew = generation !== this.used;
    for (const old of this.skipped.keys()) if (old < generation) this.skipped.delete(old);
    this.used = generation;
    return isNew;
  }
}
