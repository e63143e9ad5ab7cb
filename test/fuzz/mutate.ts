/** Pseudo-random numbers, the same for the same seed (mulberry32). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** An integer from 0 to `below` - 1. */
  below(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x100000000) * below);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }
}

/** Bytes that stress readers of CBOR and frames: heads of every kind, breaks, reserved and odd lengths. */
const TELLING = [
  '00', '17', '18', '1b', '1c', '1f', '20', '3b', '40', '5f', '60', '78', '7b', '7f', '80', '81', '9b', '9f', 'a0', 'a1',
  'bb', 'bf', 'c0', 'c2', 'c3', 'd8', 'db', 'df', 'e0', 'f4', 'f6', 'f7', 'f8', 'f9', 'fa', 'fb', 'fc', 'ff', '1bffffffffffffffff',
  '9b7fffffffffffffff', 'bfff', '9fff', '7f6161ff', '647479706567756e6963617374', '6873656e6465724964', '677061796c6f6164', 'f6f6',
].map((hex) => Buffer.from(hex, 'hex')); // biome-ignore format: a table

type Mutation = (random: Random, bytes: Buffer, other: Buffer) => Buffer;

const replace = (bytes: Buffer, start: number, end: number, by: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(Math.min(end, bytes.length))]);

const MUTATIONS: readonly Mutation[] = [
  function flipBit(random, bytes) {
    const at = random.below(bytes.length);
    return replace(bytes, at, at + 1, Buffer.from([(bytes[at] ?? 0) ^ (1 << random.below(8))]));
  },
  function overwrite(random, bytes) {
    const at = random.below(bytes.length);
    const by = random.below(4) === 0 ? random.bytes(1 + random.below(4)) : random.pick(TELLING);
    return replace(bytes, at, at + by.length, by);
  },
  function insert(random, bytes) {
    const at = random.below(bytes.length + 1);
    return replace(bytes, at, at, random.pick(TELLING));
  },
  function remove(random, bytes) {
    const at = random.below(bytes.length);
    return replace(bytes, at, at + 1 + random.below(8), Buffer.alloc(0));
  },
  function truncate(random, bytes) {
    return bytes.subarray(0, random.below(bytes.length + 1));
  },
  function repeat(random, bytes) {
    const at = random.below(bytes.length);
    return replace(bytes, at, at, bytes.subarray(at, at + 1 + random.below(60)));
  },
  function splice(random, bytes, other) {
    return Buffer.concat([
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length)),
    ]);
  },
];

/** One of `seeds`, changed in one to four places. */
export function mutated(random: Random, seeds: readonly Buffer[]): Buffer {
  let bytes = random.pick(seeds);
  for (let left = 1 + random.below(4); left > 0; left--)
    bytes = random.pick(MUTATIONS)(random, bytes, random.pick(seeds));
  return bytes;
}
