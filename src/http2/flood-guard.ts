import { ConnectionError, ErrorCode } from './errors.ts';
import type { Http2Limits } from './limits.ts';
import { RateLimit, ResetBudget } from './rate-limit.ts';
import type { ServerStream } from './server-stream.ts';

/** Frames admitted at once, and per second in the long run. */
const IDLE_FRAMES = { burst: 1000, perSecond: 100 } as const;
const CONTROL_FRAMES = { burst: 20_000, perSecond: 10_000 } as const;
/** Control frames between two reads of the clock. */
const CONTROL_BATCH = 1000;
/** One more control frame is admitted per this many bytes of DATA sent: some clients update two windows per small message. */
const BYTES_PER_CONTROL_FRAME = 8;

/** Rate-limits frames that are cheap to send and costly to process. */
export class FloodGuard {
  readonly resets: ResetBudget;
  private readonly now: () => number;
  private readonly sentBytes: () => number;
  private idleFrames: RateLimit | null = null;
  private controlFrames: RateLimit | null = null;
  /** Control frames since the last batch, and DATA bytes credited so far. */
  private uncountedControl = 0;
  private creditedBytes = 0;

  /** `now`: monotonic milliseconds. `sentBytes`: payload of all DATA frames sent so far. */
  constructor(now: () => number, sentBytes: () => number, limits: Http2Limits) {
    this.now = now;
    this.sentBytes = sentBytes;
    this.resets = new ResetBudget(limits.maxResetsPerSecond);
  }

  /** Counts a stream reset by the client. Throws ConnectionError when there are too many. */
  countReset(): void {
    if (!this.resets.recordReset(this.now()))
      throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many streams reset');
  }

  /**
   * Resets a stream for an error of the client, and counts it: a reset that the client provokes costs as much as its own.
   */
  reset(stream: ServerStream, code: number): void {
    stream.reset(code);
    this.countReset();
  }

  /** Counts a frame that clients rarely need, or several for a costly one. Throws ConnectionError when there are too many. */
  countIdle(frames = 1): void {
    const now = this.now();
    this.idleFrames ??= new RateLimit(IDLE_FRAMES.burst, IDLE_FRAMES.perSecond, now);
    if (!this.idleFrames.take(now, frames))
      throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many idle frames');
  }

  /**
   * Counts a frame that clients send in proportion to the data they receive: PING, WINDOW_UPDATE and frames for closed
   * streams. Throws ConnectionError when there are far too many.
   */
  countControl(): void {
    if (++this.uncountedControl < CONTROL_BATCH) return;
    this.uncountedControl = 0;
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
