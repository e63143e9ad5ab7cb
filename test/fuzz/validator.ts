/**
 * Reference validator, from the RFC and PROTOCOL.md only, recursive and simple, for comparison with the optimized scanner of
 * src/wire.
 */

export type Verdict = 'ok' | 'malformed' | 'unreadable';

class Malformed extends Error {}
class Unreadable extends Error {}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const MAX_DEPTH = 128;
const INT64_MAX = (1n << 63n) - 1n;

/** The head of an item. */
interface Head {
  readonly major: number;
  readonly info: number;
  /** Null for indefinite lengths. */
  readonly argument: bigint | null;
}

/** Properties of a value for the checks of fields: its major type without tags, and its simple value. */
interface Value {
  readonly major: number;
  readonly info: number;
  readonly text: string;
}

class Validator {
  pos = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get atEnd(): boolean {
    return this.pos === this.bytes.length;
  }

  take(count: number): Buffer {
    if (count > this.bytes.length - this.pos) throw new Malformed('ends early');
    this.pos += count;
    return this.bytes.subarray(this.pos - count, this.pos);
  }

  peekMajor(): number {
    return (this.bytes[this.pos] ?? 0) >> 5;
  }

  peekBreak(): boolean {
    if (this.bytes[this.pos] !== 0xff) return false;
    this.pos++;
    return true;
  }

  head(): Head {
    const initial = this.take(1)[0] as number;
    const major = initial >> 5;
    const info = initial & 31;
    if (major === 7 && info < 27 && (info < 20 || info > 22)) throw new Unreadable('simple value');
    if (info < 24) return { major, info, argument: BigInt(info) };
    if (info < 28) return { major, info, argument: BigInt(`0x${this.take(1 << (info - 24)).toString('hex')}`) };
    if (info < 31) throw new Malformed('reserved');
    if (major === 2 || major === 3) throw new Unreadable('indefinite string');
    if (major !== 4 && major !== 5) throw new Malformed('no indefinite form');
    return { major, info, argument: null };
  }

  item(depth: number): Value {
    const { major, info, argument } = this.head();
    let text = '';
    if (major < 2 && (argument as bigint) > INT64_MAX) throw new Unreadable('beyond int64');
    if (major === 2) this.take(Number(argument));
    if (major === 3) text = utf8(this.take(Number(argument)));
    if (major < 4 || major === 7) return { major, info, text };
    if (depth >= MAX_DEPTH) throw new Malformed('too deep');
    if (major === 6) {
      if (argument === 2n || argument === 3n) throw new Unreadable('bignum');
      return this.item(depth + 1);
    }
    this.items(major === 5 ? 2 : 1, argument, depth + 1);
    return { major, info, text };
  }

  private items(each: number, count: bigint | null, depth: number): void {
    const left = this.bytes.length - this.pos;
    if (count !== null && count * BigInt(each) > BigInt(left)) throw new Malformed('cannot fit');
    for (let i = 0n; i !== count; i++) {
      if (count === null && this.peekBreak()) return;
      for (let part = 0; part < each; part++) this.item(depth);
    }
  }
}

function utf8(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new Malformed('not UTF-8');
  }
}

function judge(run: () => boolean): Verdict {
  try {
    return run() ? 'ok' : 'malformed';
  } catch (error) {
    if (error instanceof Malformed) return 'malformed';
    if (error instanceof Unreadable) return 'unreadable';
    throw error;
  }
}

/** Validates `bytes`, which must be exactly one item. */
export function judgeItem(bytes: Buffer): Verdict {
  const validator = new Validator(bytes);
  return judge(() => {
    validator.item(0);
    return validator.atEnd;
  });
}

const isText = ({ major }: Value): boolean => major === 3;
const FIELDS: Readonly<Record<string, (value: Value) => boolean>> = {
  type: isText,
  senderId: isText,
  targetId: isText,
  groupName: isText,
  errorMessage: isText,
  payload: ({ major }) => major === 5,
  timestamp: ({ major }) => major < 2,
  success: ({ major, info }) => major === 7 && (info === 20 || info === 21),
};

/** Validates `body` as a RouterMessage. */
export function judgeMessage(body: Buffer): Verdict {
  return judge(() => {
    const validator = new Validator(body);
    if (validator.peekMajor() !== 5) return false;
    const { argument } = validator.head();
    if (argument !== null && argument >= 1n << 32n) return false; // larger than any input
    const seen = new Set<string>();
    for (let i = 0n; i !== argument; i++) {
      if (argument === null && validator.peekBreak()) break;
      entry(validator, seen);
    }
    return validator.atEnd;
  });
}

function entry(validator: Validator, seen: Set<string>): void {
  if (validator.peekMajor() !== 3) throw new Malformed('key is no text');
  const { argument } = validator.head();
  const key = utf8(validator.take(Number(argument)));
  const accepts = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
  if (accepts !== undefined && seen.has(key)) throw new Malformed('field twice');
  seen.add(key);
  const value = validator.item(1);
  const isNull = value.major === 7 && value.info === 22;
  if (accepts !== undefined && !isNull && !accepts(value)) throw new Malformed('field of another type');
}
