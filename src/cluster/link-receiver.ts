import { type EnvelopeHeader, Flag } from './envelope.ts';

/** Received bytes after which an acknowledgement is sent at once; and the delay of others. */
const ACKNOWLEDGE_BYTES = 256 * 1024;
const ACKNOWLEDGE_MS = 20;
/** Minimum time between two requests for a missing envelope. */
const WANT_INTERVAL_MS = 20;
/** Envelopes kept while processing is paused; more are dropped, and sent again later. */
const MAX_BACKLOG_BYTES = 8 * 1024 * 1024;

export interface LinkReceiverOptions {
  /** Calls `run` once after `delayMs`. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  /** Acknowledges everything before `sequence` of `epoch`; with `Flag.want`, asks for that one. */
  readonly acknowledge: (flags: number, epoch: number, sequence: number) => void;
  /** Processes the frames of an envelope; false to pause until `resume`. */
  readonly process: (bytes: Buffer) => boolean;
  /** The sender starts again: everything before is lost. */
  readonly onEpoch: () => void;
}

/** The receiving half of a link: accepts each envelope once and in order, acknowledges, and asks for missing ones. */
export class LinkReceiver {
  /** The sender's epoch; 0 before the first envelope. */
  epoch = 0;
  /** Next sequence to process: everything before is acknowledged. */
  processed = 0;
  /** Envelopes received twice, and gaps, for metrics. */
  repeated = 0;
  gaps = 0;
  private readonly options: LinkReceiverOptions;
  private backlog: Buffer[] = [];
  private backlogBytes = 0;
  private isPaused = false;
  private isProcessing = false;
  private unacknowledgedBytes = 0;
  private cancelTimer: (() => void) | null = null;
  private wantedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: LinkReceiverOptions) {
    this.options = options;
  }

  /** Next sequence to receive. */
  get expected(): number {
    return this.processed + this.backlog.length;
  }

  receive(header: EnvelopeHeader, bytes: Buffer, nowMs: number): void {
    const { epoch, sequence } = header;
    if ((header.flags & Flag.data) === 0 || epoch < this.epoch) return;
    if (epoch > this.epoch && !this.startEpoch(epoch, sequence, nowMs)) return;
    if (sequence < this.expected) {
      this.repeated++;
      this.acknowledgeSoon(0);
    } else if (sequence > this.expected) this.want(epoch, this.expected, nowMs);
    else if (this.backlogBytes <= MAX_BACKLOG_BYTES) {
      this.backlog.push(bytes);
      this.backlogBytes += bytes.length;
      if (!this.isPaused) this.processBacklog();
    }
  }

  /** Goes on after `process` has returned false. */
  resume(): void {
    this.isPaused = false;
    this.processBacklog();
  }

  /** An acknowledgement was sent, alone or with an envelope. */
  acknowledgementSent(): void {
    this.unacknowledgedBytes = 0;
    this.cancelTimer?.();
    this.cancelTimer = null;
  }

  close(): void {
    this.acknowledgementSent();
    this.backlog = [];
    this.isPaused = true;
  }

  /** Starts with the first envelope of a new epoch; false if another envelope arrived first. */
  private startEpoch(epoch: number, sequence: number, nowMs: number): boolean {
    if (sequence !== 0) {
      // its sender repeats the first one, or begins another epoch
      this.want(epoch, 0, nowMs);
      return false;
    }
    const isFirst = this.epoch === 0;
    this.epoch = epoch;
    this.processed = this.backlogBytes = 0;
    this.backlog = [];
    if (!isFirst) this.options.onEpoch();
    return true;
  }

  /** Requests the envelope `sequence` of `epoch`. */
  private want(epoch: number, sequence: number, nowMs: number): void {
    if (nowMs - this.wantedAtMs < WANT_INTERVAL_MS) return;
    this.wantedAtMs = nowMs;
    this.gaps++;
    this.options.acknowledge(Flag.want, epoch, sequence);
  }

  private processBacklog(): void {
    if (this.isProcessing) return;
    this.isProcessing = true;
    while (!this.isPaused) {
      const bytes = this.backlog.shift();
      if (bytes === undefined) break;
      this.backlogBytes -= bytes.length;
      this.processed++;
      if (!this.options.process(bytes)) this.isPaused = true;
      this.acknowledgeSoon(bytes.length);
    }
    this.isProcessing = false;
  }

  private acknowledgeSoon(bytes: number): void {
    this.unacknowledgedBytes += bytes;
    if (this.unacknowledgedBytes >= ACKNOWLEDGE_BYTES) this.acknowledge();
    else this.cancelTimer ??= this.options.after(ACKNOWLEDGE_MS, () => this.acknowledge());
  }

  private acknowledge(): void {
    this.options.acknowledge(0, this.epoch, this.processed);
  }
}
