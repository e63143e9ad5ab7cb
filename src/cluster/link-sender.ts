import type { PausedSender, PauseQueue } from '../router/index.ts';
import {
  controlFrame,
  Flag,
  FRAME_HEAD_BYTES,
  FrameKind,
  frameHeadBytes,
  HEADER_BYTES,
  type OutgoingFrame,
  writeFrameHead,
  writeHeader,
} from './envelope.ts';
import { type Envelope, EnvelopeBuilder } from './envelope-builder.ts';

const MAX_ENVELOPE_BYTES = 512 * 1024;
/** Without an acknowledgement for so long, the oldest envelope is sent again, as a probe; doubled up to the maximum. */
const PROBE_MS = 200;
const MAX_PROBE_MS = 1000;
/** Time between two requests for a released envelope, without progress, until the link is reset. */
const RESET_AFTER_MS = 50;
const EMPTY = Buffer.alloc(0);

export interface LinkSenderOptions {
  readonly tag: () => number;
  readonly windowBytes: () => number;
  readonly stallTimeoutMs: number;
  /** Largest envelope that the carrier takes. */
  readonly maxBytes: () => number;
  /** Sends an envelope; `header` is its first part. */
  readonly transmit: (envelope: Envelope) => void;
  /** The held envelopes are dropped, because the receiver lost its state. A snapshot has to follow. */
  readonly onReset: (lost: readonly Envelope[]) => void;
  readonly onStall: (isStalled: boolean) => void;
}

/** Epochs grow within a process, so that an envelope of an abandoned epoch is recognized. */
let lastEpoch = 0;

/** The sending half of a link: numbers envelopes, and holds them until the other node has acknowledged them. */
export class LinkSender implements PauseQueue {
  epoch = ++lastEpoch;
  isStalled = false;
  /** Envelopes sent again, and resets, for metrics. */
  retransmitted = 0;
  resets = 0;
  private readonly options: LinkSenderOptions;
  private readonly builder = new EnvelopeBuilder();
  private held: Envelope[] = [];
  /** Sequence of the first held envelope, and bytes of all. */
  private firstHeld = 0;
  private heldBytes = 0;
  private progressMs = 0;
  private probeAtMs = 0;
  private probeMs = PROBE_MS;
  private isProbing = false;
  private paused: PausedSender[] = [];
  private wantedBelowMs: number | null = null;

  constructor(options: LinkSenderOptions) {
    this.options = options;
  }

  /** Bytes that are not acknowledged, those of the unfinished envelope included. */
  get unacknowledgedBytes(): number {
    return this.heldBytes + this.builder.bytes;
  }

  get isOverWindow(): boolean {
    return this.unacknowledgedBytes > this.options.windowBytes();
  }

  get hasFrames(): boolean {
    return this.builder.frames > 0;
  }

  /** Time without progress while envelopes are unacknowledged. */
  lagMs(nowMs: number): number {
    return this.held.length === 0 ? 0 : nowMs - this.progressMs;
  }

  /** Adds a frame to the envelope of this tick. */
  add(frame: OutgoingFrame, nowMs: number): void {
    const limit = Math.min(this.options.maxBytes(), MAX_ENVELOPE_BYTES);
    const bytes = frameHeadBytes(frame) + frame.bodyEnd - frame.bodyStart;
    if (HEADER_BYTES + bytes > limit) {
      this.addFragments(frame, limit - HEADER_BYTES - FRAME_HEAD_BYTES - 1, nowMs);
      return;
    }
    if (this.builder.bytes + bytes > limit) this.flush(nowMs);
    this.builder.add(frame);
  }

  /** Sends the envelope of this tick. */
  flush(nowMs: number): void {
    if (this.builder.frames === 0) return;
    const envelope = this.builder.take();
    writeHeader(
      envelope.parts[0] as Buffer,
      Flag.data,
      this.options.tag(),
      this.epoch,
      this.firstHeld + this.held.length,
    );
    if (this.held.length === 0) {
      this.progressMs = nowMs;
      this.scheduleProbe(nowMs, PROBE_MS);
    }
    this.held.push(envelope);
    this.heldBytes += envelope.bytes;
    this.options.transmit(envelope);
  }

  /** The receiver has everything before `sequence` of `epoch`; if it requests that one, the rest is sent again. */
  acknowledged(epoch: number, sequence: number, isWanted: boolean, nowMs: number): void {
    if (epoch !== this.epoch || sequence > this.firstHeld + this.held.length) return;
    const count = sequence - this.firstHeld;
    if (count < 0) {
      if (isWanted) this.onWantedBelow(nowMs);
      return;
    }
    if (count > 0) this.release(count, nowMs);
    if (isWanted) this.retransmit(this.held, nowMs);
  }

  /** Resumes `sender` when the window has room, or the link has stalled. */
  addPaused(sender: PausedSender): void {
    this.paused.push(sender);
  }

  /** Call every 100 ms, and when the carrier is up again. */
  check(nowMs: number, isConnected: boolean): void {
    if (this.held.length === 0) return;
    if (!this.isStalled && nowMs - this.progressMs > this.options.stallTimeoutMs) this.setStalled(true);
    if (isConnected && nowMs >= this.probeAtMs) this.probe(nowMs);
  }

  /** Sends the oldest envelope again, and after its acknowledgement the newest, which reveals gaps between the two. */
  probe(nowMs: number): void {
    if (this.held.length === 0) return;
    this.isProbing = true;
    this.scheduleProbe(nowMs, Math.min(2 * this.probeMs, MAX_PROBE_MS));
    this.retransmit(this.held.slice(0, 1), nowMs);
  }

  /** Drops and returns everything unacknowledged. Resumes paused senders. */
  close(): readonly Envelope[] {
    if (this.builder.frames > 0) this.held.push(this.builder.take());
    const lost = this.held;
    this.firstHeld = this.heldBytes = 0;
    this.held = [];
    this.resumeAll();
    return lost;
  }

  /** The receiver requests a released envelope: it has lost its state, unless this is a delayed message. */
  private onWantedBelow(nowMs: number): void {
    this.wantedBelowMs ??= nowMs;
    if (nowMs - this.wantedBelowMs >= RESET_AFTER_MS) this.reset();
  }

  private reset(): void {
    this.wantedBelowMs = null;
    this.resets++;
    this.epoch = ++lastEpoch;
    this.options.onReset(this.close());
    this.setStalled(false);
  }

  private release(count: number, nowMs: number): void {
    for (const envelope of this.held.splice(0, count)) this.heldBytes -= envelope.bytes;
    this.firstHeld += count;
    this.wantedBelowMs = null;
    this.progressMs = nowMs;
    this.scheduleProbe(nowMs, PROBE_MS);
    if (this.isProbing) this.retransmit(this.held.slice(-1), nowMs);
    this.isProbing = false;
    this.setStalled(false);
    this.resumePaused();
  }

  private retransmit(envelopes: readonly Envelope[], nowMs: number): void {
    for (const { parts, ...rest } of envelopes) {
      const [first = EMPTY, ...others] = parts;
      this.retransmitted++;
      // the carrier may still hold the first one, and the acknowledgement in it changes
      this.options.transmit({ ...rest, parts: [Buffer.from(first), ...others] });
    }
    this.scheduleProbe(nowMs, this.probeMs);
  }

  private scheduleProbe(nowMs: number, delayMs: number): void {
    this.probeMs = delayMs;
    this.probeAtMs = nowMs + delayMs;
  }

  private setStalled(isStalled: boolean): void {
    if (isStalled === this.isStalled) return;
    this.isStalled = isStalled;
    if (isStalled) this.resumeAll();
    this.options.onStall(isStalled);
  }

  private resumePaused(): void {
    const { paused } = this;
    if (paused.length === 0) return;
    this.paused = [];
    let at = 0;
    while (at < paused.length && !this.isOverWindow) (paused[at++] as PausedSender).resume();
    this.paused = paused.slice(at).concat(this.paused);
  }

  private resumeAll(): void {
    const { paused } = this;
    this.paused = [];
    for (const sender of paused) sender.resume();
  }

  /** Splits a frame into fragments with bodies of `bytes`, each in an envelope of its own. The last one has a name. */
  private addFragments(frame: OutgoingFrame, bytes: number, nowMs: number): void {
    const head = Buffer.allocUnsafe(frameHeadBytes(frame));
    writeFrameHead(head, 0, frame);
    const whole = Buffer.concat([head, frame.body.subarray(frame.bodyStart, frame.bodyEnd)]);
    for (let pos = 0; pos < whole.length; pos += bytes) {
      const end = Math.min(pos + bytes, whole.length);
      this.flush(nowMs);
      const isLast = end === whole.length;
      const fragment = controlFrame(FrameKind.fragment, EMPTY, isLast ? LAST : EMPTY, whole.subarray(pos, end));
      if (isLast) this.builder.addLast(fragment, whole);
      else this.builder.add(fragment);
    }
  }
}

const LAST = Buffer.from('.');
