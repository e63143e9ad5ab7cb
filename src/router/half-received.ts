import type { RouterCore } from './router-core.ts';
import { Session } from './session.ts';

/** Who has begun a message and not gone on for so long loses it when memory is short. */
const PATIENCE_MS = 5000;
/** The shortest time between two looks at all streams. */
const PAUSE_MS = 100;

/** Memory for messages that are half received. Those who stop in the middle do not keep it from those who go on. */
export class HalfReceived {
  private readonly core: RouterCore;
  private lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(core: RouterCore) {
    this.core = core;
  }

  /** Takes `bytes`, or gives them back when negative; false, and nothing taken, when there is no room and none can be made. */
  hold(bytes: number): boolean {
    return this.core.budget.tryChange(bytes) || (this.makeRoom() && this.core.budget.tryChange(bytes));
  }

  /** Ends the streams whose message does not go on; false when it is too early to look again. */
  private makeRoom(): boolean {
    const nowMs = this.core.clock.monotonicMs();
    if (nowMs - this.lookedAtMs < PAUSE_MS) return false;
    this.lookedAtMs = nowMs;
    for (const stream of this.core.streams) {
      if (stream instanceof Session && nowMs - stream.lastReceivedMs > PATIENCE_MS) stream.dropHalfReceived();
    }
    return true;
  }
}
