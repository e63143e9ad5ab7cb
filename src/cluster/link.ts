import type { Clock, PausedSender } from '../router/index.ts';
import {
  type EnvelopeHeader,
  Flag,
  FrameKind,
  FrameReader,
  HEADER_BYTES,
  type OutgoingFrame,
  writeAcknowledgement,
  writeHeader,
} from './envelope.ts';
import type { Envelope } from './envelope-builder.ts';
import { LinkReceiver } from './link-receiver.ts';
import { LinkSender } from './link-sender.ts';

/** Largest frame that is reassembled from fragments. */
const MAX_REASSEMBLED_BYTES = 128 * 1024 * 1024;

export interface LinkOptions {
  readonly clock: Clock;
  readonly tag: () => number;
  readonly windowBytes: () => number;
  readonly stallTimeoutMs: number;
  readonly maxBytes: () => number;
  /** Hands a message to the carrier. */
  readonly send: (parts: readonly Buffer[], bytes: number) => void;
  /** Takes a frame; false pauses the link until `resume`. */
  readonly onFrame: (frame: FrameReader) => boolean;
  /** Envelopes were dropped, because the other node lost its state; a snapshot has to follow. */
  readonly onReset: (lost: readonly Envelope[]) => void;
  readonly onStall: (isStalled: boolean) => void;
}

/** The connection to one other node, over a carrier that may lose, repeat and reorder: frames arrive once and in order. */
export class Link implements PausedSender {
  readonly sender: LinkSender;
  readonly receiver: LinkReceiver;
  private readonly options: LinkOptions;
  private readonly frame = new FrameReader();
  private fragments: Buffer[] = [];
  private fragmentBytes = 0;
  private flushScheduled = false;
  private isClosed = false;

  constructor(options: LinkOptions) {
    this.options = options;
    const { clock, tag } = options;
    this.sender = new LinkSender({
      tag,
      windowBytes: options.windowBytes,
      stallTimeoutMs: options.stallTimeoutMs,
      maxBytes: options.maxBytes,
      transmit: (envelope) => this.transmit(envelope),
      onReset: options.onReset,
      onStall: options.onStall,
    });
    this.receiver = new LinkReceiver({
      after: (delayMs, run) => clock.after(delayMs, run),
      acknowledge: (flags, epoch, sequence) => this.acknowledge(flags, epoch, sequence),
      process: (bytes) => this.process(bytes),
      onEpoch: () => this.dropFragments(),
    });
  }

  /** Sends a frame with the others of this tick. */
  push(frame: OutgoingFrame): void {
    if (this.isClosed) return;
    this.sender.add(frame, this.options.clock.monotonicMs());
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    this.options.clock.atTickEnd(this.flush);
  }

  receive(header: EnvelopeHeader, bytes: Buffer): void {
    if (this.isClosed) return;
    const nowMs = this.options.clock.monotonicMs();
    const isWanted = (header.flags & Flag.want) !== 0;
    this.sender.acknowledged(header.acknowledgedEpoch, header.acknowledged, isWanted, nowMs);
    this.receiver.receive(header, bytes, nowMs);
  }

  /** Resumes processing of received frames. */
  resume(): void {
    if (!this.isClosed) this.receiver.resume();
  }

  /** Call every 100 ms. */
  check(isConnected: boolean): void {
    this.sender.check(this.options.clock.monotonicMs(), isConnected);
  }

  /** Call when the carrier is connected again: starts the repetition of lost envelopes. */
  probe(): void {
    this.sender.probe(this.options.clock.monotonicMs());
  }

  /** Ends the link; returns the envelopes that were not acknowledged. */
  close(): readonly Envelope[] {
    this.isClosed = true;
    this.receiver.close();
    return this.sender.close();
  }

  private readonly flush = (): void => {
    this.flushScheduled = false;
    if (!this.isClosed) this.sender.flush(this.options.clock.monotonicMs());
  };

  private transmit({ parts, bytes }: Envelope): void {
    writeAcknowledgement(parts[0] as Buffer, this.receiver.epoch, this.receiver.processed);
    this.receiver.acknowledgementSent();
    this.options.send(parts, bytes);
  }

  private acknowledge(flags: number, epoch: number, sequence: number): void {
    const { receiver, sender, options } = this;
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    writeHeader(header, flags, options.tag(), sender.epoch, 0);
    writeAcknowledgement(header, epoch, sequence);
    receiver.acknowledgementSent();
    options.send([header], HEADER_BYTES);
  }

  private process(bytes: Buffer): boolean {
    let goesOn = true;
    const { frame } = this;
    for (let pos = HEADER_BYTES; frame.read(bytes, pos); ) {
      // the frame is reused while one of its kind is handled
      pos = frame.end;
      const isWhole = frame.kind !== FrameKind.fragment || this.addFragment(frame);
      if (isWhole && !this.options.onFrame(frame)) goesOn = false;
    }
    return goesOn;
  }

  /** Keeps a fragment; true when it completes a frame, which `frame` holds then. */
  private addFragment(frame: FrameReader): boolean {
    this.fragments.push(frame.body);
    this.fragmentBytes += frame.end - frame.bodyStart;
    if (frame.nameStart === frame.bodyStart && this.fragmentBytes <= MAX_REASSEMBLED_BYTES) return false;
    const whole = Buffer.concat(this.fragments, this.fragmentBytes);
    this.dropFragments();
    return frame.read(whole, 0);
  }

  private dropFragments(): void {
    this.fragments = [];
    this.fragmentBytes = 0;
  }
}
