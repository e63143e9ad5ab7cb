/** What the watch asks of its owner. */
export interface LivenessHandler {
  /** Sends a heartbeat; the router is expected to send something back. */
  probe(): void;
  /** Nothing came back in time. */
  dead(): void;
}

/** The timer runs this often; a gap of several periods means that the machine slept or a tab was throttled. */
const CHECK_INTERVAL_MS = 1000;
const GAP_MS = 5000;

/** Sends heartbeats and notices a connection that is half open: nothing arrives, and no error either. */
export class Liveness {
  private readonly handler: LivenessHandler;
  private readonly intervalMs: number;
  private readonly timeoutMs: number;
  private readonly timer: ReturnType<typeof setInterval>;
  private lastCheckMs = now();
  private lastProbeMs = now();
  /** Set while an answer is expected. */
  private probedAtMs: number | null = null;
  private isSecondChance = false;

  constructor(handler: LivenessHandler, intervalMs: number, timeoutMs: number) {
    this.handler = handler;
    this.intervalMs = intervalMs;
    this.timeoutMs = timeoutMs;
    this.timer = setInterval(() => this.check(), Math.min(CHECK_INTERVAL_MS, intervalMs, timeoutMs));
  }

  received(): void {
    this.probedAtMs = null;
    this.isSecondChance = false;
  }

  /** A heartbeat was sent for another reason: it serves as a probe. */
  heartbeatSent(): void {
    this.lastProbeMs = now();
    this.probedAtMs ??= this.lastProbeMs;
  }

  /** Asks for a sign of life at once, for instance after a network change. */
  probeNow(): void {
    this.probedAtMs = null;
    this.handler.probe();
    this.heartbeatSent();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private check(): void {
    const nowMs = now();
    const gapMs = nowMs - this.lastCheckMs;
    this.lastCheckMs = nowMs;
    const overdue = this.probedAtMs !== null && nowMs - this.probedAtMs >= this.timeoutMs;
    if (gapMs > GAP_MS && !this.isSecondChance) {
      // an answer may lie unread in the socket after a pause: ask once more instead of judging
      this.isSecondChance = this.probedAtMs !== null;
      this.handler.probe();
      this.heartbeatSent();
    } else if (overdue) this.handler.dead();
    else if (this.probedAtMs === null && nowMs - this.lastProbeMs >= this.intervalMs) this.probeNow();
  }
}

function now(): number {
  return performance.now();
}
