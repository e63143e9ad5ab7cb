import { encodeHeaders } from '../support/hpack.ts';
import {
  encodeFrame,
  Flag,
  FrameType,
  goawayFrame,
  pingFrame,
  rstStream,
  settingsAck,
  settingsFrame,
  windowUpdate,
} from '../support/http2-frames.ts';
import { continuation, data, headers, padded, priority, requestBlock } from '../support/http2-peer.ts';
import { mutated, type Random } from './mutate.ts';

const { endStream: END, endHeaders: WHOLE } = Flag;
const PATHS = ['/early', '/hold', '/echo', '/null'];
const TRAILERS = encodeHeaders([['x', 'y']]);
/** A field that is added to the dynamic table, and the reference to it. */
const ADDED = Buffer.from('40017803616263', 'hex');
const REFERRED = Buffer.from([0xbe]);
const MALFORMED = encodeHeaders([['X', 'y']]);
const INCREMENTS = [1, 1, 7, 50, 1000, 20_000, 100_000];
const WINDOWS = [0, 1, 20, 1000, 65_535, 200_000];

/** Generates frames of a client. A faulty client sometimes violates the protocol. */
export class RandomClient {
  private readonly random: Random;
  private readonly errs: boolean;
  private nextId = 1;
  private readonly opened: number[] = [];
  /** Streams that the client has not ended. */
  private open: number[] = [];
  private hasAdded = false;
  private readonly kinds: readonly (() => Buffer)[];

  constructor(random: Random, errs: boolean) {
    this.random = random;
    this.errs = errs;
    const { request, content, update } = this;
    this.kinds = [request, request, request, content, content, content, content, update, update, update]
      .concat([this.trailers, this.reset, this.settings, this.settings, this.ping, this.rest])
      .map((kind) => kind.bind(this));
  }

  /** One to `most` frames; the frames of a header block count as one. */
  frames(most: number): Buffer[] {
    return Array.from({ length: 1 + this.random.below(most) }, () => this.random.pick(this.kinds)());
  }

  /** Opens every window wide. */
  openWindows(): Buffer {
    const updates = this.opened.map((streamId) => windowUpdate(streamId, 100_000_000));
    return Buffer.concat([windowUpdate(0, 100_000_000), ...updates]);
  }

  private chance(percent: number): boolean {
    return this.random.below(100) < percent;
  }

  /** True in this percentage of cases, for a faulty client only. */
  private mistakes(percent: number): boolean {
    return this.errs && this.chance(percent);
  }

  /** One of `streams`; any other id by mistake or if `streams` is empty. */
  private streamId(streams: readonly number[]): number {
    if (this.mistakes(7)) return this.random.below(this.nextId + (this.chance(5) ? 3 : 0));
    return this.random.pick(streams);
  }

  private request(): Buffer {
    const streamId = this.nextId;
    this.nextId += this.chance(5) ? 4 : 2;
    const ends = this.chance(30);
    this.opened.push(streamId);
    if (!ends) this.open.push(streamId);
    const block = this.mistakes(3) ? MALFORMED : Buffer.concat([requestBlock(this.random.pick(PATHS)), this.field()]);
    return this.block(streamId, block, ends ? END : 0);
  }

  private field(): Buffer {
    if (this.chance(60)) return Buffer.alloc(0);
    const refers = this.hasAdded && this.chance(50);
    this.hasAdded = true;
    return refers ? REFERRED : ADDED;
  }

  /** A header block in one or several frames, with or without padding and priority. */
  private block(streamId: number, block: Buffer, flags: number): Buffer {
    const cut = this.chance(20) ? this.random.below(block.length + 1) : block.length;
    const isWhole = cut === block.length;
    let payload: Buffer = block.subarray(0, cut);
    let all = flags | (isWhole ? WHOLE : 0);
    if (this.chance(10)) {
      payload = Buffer.concat([Buffer.from([0, 0, 0, 0, 16]), payload]);
      all |= Flag.priority;
    }
    if (this.chance(10)) {
      payload = padded(payload, this.random.below(256));
      all |= Flag.padded;
    }
    const first = headers(streamId, payload, all);
    return isWhole ? first : Buffer.concat([first, continuation(streamId, block.subarray(cut))]);
  }

  private content(): Buffer {
    if (this.open.length === 0) return this.request();
    const streamId = this.streamId(this.open);
    const bytes = this.chance(5) ? this.random.below(16_000) : this.random.below(40);
    const content = Buffer.alloc(bytes, this.random.below(256));
    const end = this.ends(streamId, 15);
    if (this.chance(85)) return data(streamId, content, end);
    return data(streamId, padded(content, this.random.below(256)), end | Flag.padded);
  }

  private ends(streamId: number, percent: number): number {
    if (!this.chance(percent)) return 0;
    this.open = this.open.filter((id) => id !== streamId);
    return END;
  }

  private trailers(): Buffer {
    if (this.open.length === 0) return this.request();
    const streamId = this.streamId(this.open);
    return this.block(
      streamId,
      this.mistakes(5) ? requestBlock() : TRAILERS,
      this.ends(streamId, this.errs ? 97 : 100),
    );
  }

  private reset(): Buffer {
    if (this.opened.length === 0) return this.request();
    const streamId = this.streamId(this.opened);
    this.open = this.open.filter((id) => id !== streamId);
    return rstStream(streamId, this.random.below(14));
  }

  private update(): Buffer {
    const increment = this.random.pick(this.mistakes(3) ? [0, 0x7fffffff, 0x80000000] : INCREMENTS);
    return windowUpdate(this.opened.length === 0 || this.chance(40) ? 0 : this.streamId(this.opened), increment);
  }

  private settings(): Buffer {
    if (this.chance(10)) return settingsAck();
    const entries: Record<number, number> = { 4: this.mistakes(3) ? 0x80000000 : this.random.pick(WINDOWS) };
    if (this.chance(10)) entries[5] = this.random.pick([16_384, 100_000, (1 << 24) - 1]);
    if (this.chance(10)) entries[6 + this.random.below(10)] = this.random.below(2);
    return settingsFrame(this.chance(10) ? {} : entries);
  }

  private ping(): Buffer {
    return pingFrame(this.random.bytes(8), this.chance(10));
  }

  private rest(): Buffer {
    const kind = this.random.below(10);
    const streamId = this.random.below(20);
    if (this.mistakes(20)) return encodeFrame(FrameType.pushPromise, 4, streamId, this.random.bytes(6));
    if (kind === 0) return goawayFrame(streamId, this.random.below(14));
    if (kind < 5) return priority(1 + streamId);
    return encodeFrame(10 + this.random.below(246), this.random.below(256), streamId, this.random.bytes(9));
  }
}

type Mangle = (random: Random, frames: readonly Buffer[], at: number) => Buffer[];

const replaced = (frames: readonly Buffer[], at: number, by: readonly Buffer[]): Buffer[] => [
  ...frames.slice(0, at),
  ...by,
  ...frames.slice(at + 1),
];

const MANGLES: readonly Mangle[] = [
  function twice(_, frames, at) {
    const frame = frames[at] as Buffer;
    return replaced(frames, at, [frame, frame]);
  },
  function drop(_, frames, at) {
    return replaced(frames, at, []);
  },
  function move(random, frames, at) {
    const rest = replaced(frames, at, []);
    rest.splice(random.below(frames.length), 0, frames[at] as Buffer);
    return rest;
  },
  function alterHead(random, frames, at) {
    const frame = Buffer.from(frames[at] as Buffer);
    // length, type, flags, stream: rarely the length, since nothing after a wrong length is read
    const pos = random.pick([2, 3, 3, 4, 4, 4, 8, 8]);
    frame[pos] = random.below(3) === 0 ? random.below(256) : (frame[pos] as number) ^ (1 << random.below(6));
    return replaced(frames, at, [frame]);
  },
  function alterBytes(random, frames, at) {
    return replaced(frames, at, [mutated(random, [frames[at] as Buffer])]);
  },
];

/** `frames` with one to three mistakes. */
export function mangled(random: Random, frames: readonly Buffer[]): Buffer[] {
  let all = [...frames];
  for (let left = 1 + random.below(3); left > 0 && all.length > 0; left--) {
    all = random.pick(MANGLES)(random, all, random.below(all.length));
  }
  return all.filter(({ length }) => length > 0);
}
