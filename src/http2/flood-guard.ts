import { ConnectionError } from './connection-error.ts';
import { ErrorCode } from './frames.ts';
import { RateLimit } from './rate-limit.ts';
import type { ServerStream } from './server-stream.ts';

/** Allowed at once, and per second in the long run. */
const RESETS = { burst: 1000, perSecond: 100 } as const;
const IDLE_FRAMES = { burst: 1000, perSecond: 100 } as const;

/** Ends connections of clients that send, more often than any has a reason to, what costs them less than us. */
export class FloodGuard {
  private readonly now: () => number;
  private resets: RateLimit | null = null;
  private idleFrames: RateLimit | null = null;

  /** `now`: milliseconds of a clock that never jumps. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Counts a request that was given up by its client. Throws ConnectionError when there are too many. */
  countReset(): void {
    const now = this.now();
    this.resets ??= new RateLimit(RESETS.burst, RESETS.perSecond, now);
    if (!this.resets.take(now)) throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many streams reset');
  }

  /**
   * Resets a stream because of what its client did. That is counted as well: a reset that a client provokes costs as much as
   * one of its own.
   */
  reset(stream: ServerStream, code: number): void {
    stream.reset(code);
    this.countReset();
  }

  /** Counts a frame, or as many as it costs, that a client has no need to send often. Throws ConnectionError when there are too many. */
  countIdle(frames = 1): void {
    const now = this.now();
    this.idleFrames ??= new RateLimit(IDLE_FRAMES.burst, IDLE_FRAMES.perSecond, now);
    if (!this.idleFrames.take(now, frames))
      throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many idle frames');
  }
}
