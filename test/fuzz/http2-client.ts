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
/** A field that is added to the table, and what refers to it. */
const ADDED = Buffer.from('40017803616263', 'hex');
const REFERRED = Buffer.from([0xbe]);
const MALFORMED = encodeHeaders([['X', 'y']]);
const INCREMENTS = [1, 1, 7, 50, 1000, 20_000, 100_000];
const WINDOWS = [0, 1, 20, 1000, 65_535, 200_000];

/** Says what a client could say: mostly what a good one does, and now and then what none should. */
export class RandomClient {
  private readonly random: Random;
  private nextId = 1;
  /** Streams that were opened and not ended by the client. */
  private open: number[] = [];
  private hasAdded = false;
  private readonly kinds: readonly (() => Buffer)[];

  constructor(random: Random) {
    this.random = random;
    const { request, content, update } = this;
    this.kinds = [request, request, request, content, content, content, content, update, update, update]
      .concat([this.trailers, this.reset, this.settings, this.settings, this.ping, this.rest])
      .map((kind) => kind.bind(this));
  }

  /** One to `most` frames; of a header block, all that belong together are one. */
  frames(most: number): Buffer[] {
    return Array.from({ length: 1 + this.random.below(most) }, () => this.random.pick(this.kinds)());
  }

  /** Opens every window wide. */
  openWindows(): Buffer {
    const ids = Array.from({ length: (this.nextId - 1) / 2 }, (_, n) => 2 * n + 1);
    return Buffer.concat([windowUpdate(0, 100_000_000), ...ids.map((id) => windowUpdate(id, 100_000_000))]);
  }

  private chance(percent: number): boolean {
    return this.random.below(100) < percent;
  }

  /** A stream that is open, or any other one. */
  private streamId(): number {
    if (this.open.length > 0 && this.chance(93)) return this.random.pick(this.open);
    return this.random.below(this.nextId + (this.chance(5) ? 3 : 0));
  }

  private request(): Buffer {
    const streamId = this.nextId;
    this.nextId += this.chance(5) ? 4 : 2;
    const ends = this.chance(30);
    if (!ends) this.open.push(streamId);
    const block = this.chance(2) ? MALFORMED : Buffer.concat([requestBlock(this.random.pick(PATHS)), this.field()]);
    return this.block(streamId, block, ends ? END : 0);
  }

  private field(): Buffer {
    if (this.chance(60)) return Buffer.alloc(0);
    const refers = this.hasAdded && this.chance(50);
    this.hasAdded = true;
    return refers ? REFERRED : ADDED;
  }

  /** A header block in one frame or several, with padding and priority or without. */
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
    const streamId = this.streamId();
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
    const streamId = this.streamId();
    return this.block(streamId, this.chance(95) ? TRAILERS : requestBlock(), this.ends(streamId, 97));
  }

  private reset(): Buffer {
    const streamId = this.streamId();
    this.open = this.open.filter((id) => id !== streamId);
    return rstStream(streamId, this.random.below(14));
  }

  private update(): Buffer {
    const increment = this.chance(98) ? this.random.pick(INCREMENTS) : this.random.pick([0, 0x7fffffff, 0x80000000]);
    return windowUpdate(this.chance(40) ? 0 : this.streamId(), increment);
  }

  private settings(): Buffer {
    if (this.chance(10)) return settingsAck();
    const entries: Record<number, number> = { 4: this.chance(98) ? this.random.pick(WINDOWS) : 0x80000000 };
    if (this.chance(10)) entries[5] = this.random.pick([16_384, 100_000, (1 << 24) - 1]);
    if (this.chance(10)) entries[1 + this.random.below(10)] = this.random.below(2);
    return settingsFrame(this.chance(10) ? {} : entries);
  }

  private ping(): Buffer {
    return pingFrame(this.random.bytes(8), this.chance(10));
  }

  private rest(): Buffer {
    const kind = this.random.below(12);
    if (kind === 0) return goawayFrame(this.random.below(10), this.random.below(14));
    if (kind === 1) return encodeFrame(FrameType.pushPromise, 4, this.streamId(), this.random.bytes(6));
    if (kind < 6)
      return encodeFrame(10 + this.random.below(246), this.random.below(256), this.streamId(), this.random.bytes(9));
    return priority(1 + this.random.below(20));
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
    // length, type, flags, stream: mostly not the length, behind which nothing is read any more
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
