import { ConnectionError } from './connection-error.ts';
import { ErrorCode } from './frames.ts';
import type { Http2Limits } from './limits.ts';
import { RateLimit } from './rate-limit.ts';
import { ResetBudget } from './reset-budget.ts';
import type { ServerStream } from './server-stream.ts';

/** Allowed at once, and per second in the long run. */
const IDLE_FRAMES = { burst: 1000, perSecond: 100 } as const;
const CONTROL_FRAMES = { burst: 20_000, perSecond: 10_000 } as const;
/** Control frames that are counted before the clock is asked. */
const CONTROL_BATCH = 1000;
/** One more is allowed for so many bytes of DATA sent: some clients update two windows for each small message. */
const BYTES_PER_CONTROL_FRAME = 8;

/** Ends connections of clients that send, more often than any has a reason to, what costs them less than us. */
export class FloodGuard {
  readonly resets: ResetBudget;
  private readonly now: () => number;
  private readonly sentBytes: () => number;
  private idleFrames: RateLimit | null = null;
  private controlFrames: RateLimit | null = null;
  /** Control frames since the last batch, and bytes sent until then. */
  private controlBatch = 0;
  private creditedBytes = 0;

  /** `now`: milliseconds of a clock that never jumps. `sentBytes`: content of all DATA frames sent so far. */
  constructor(now: () => number, sentBytes: () => number, limits: Http2Limits) {
    this.now = now;
    this.sentBytes = sentBytes;
    this.resets = new ResetBudget(limits.maxResetsPerSecond);
  }

  /** Counts a request that was given up by its client. Throws ConnectionError when there are too many. */
  countReset(): void {
    if (!this.resets.recordReset(this.now()))
      throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many streams reset');
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

  /**
   * Counts a frame that clients send often, the more so the more they get: PING, WINDOW_UPDATE, and what is for closed
   * streams. Throws ConnectionError when there are too many by far.
   */
  countControl(): void {
    if (++this.controlBatch < CONTROL_BATCH) return;
    this.controlBatch = 0;
    const now = this.now();
    const sentBytes = this.sentBytes();
    this.controlFrames ??= new RateLimit(CONTROL_FRAMES.burst, CONTROL_FRAMES.perSecond, now);
    this.controlFrames.credit((sentBytes - this.creditedBytes) / BYTES_PER_CONTROL_FRAME);
    this.creditedBytes = sentBytes;
    if (!this.controlFrames.take(now, CONTROL_BATCH)) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many control frames');
    }
  }
}
