import { randomBytes, randomUUID } from 'node:crypto';

/**
 * The tag of a node: 32 random bits, the last 8 hex digits of the UUID in each of its client ids. The node of a client
 * follows from its id alone, so a message finds a client that registered a moment ago.
 */

const TAG_DIGITS = 8;

/** Value of each hex digit by its character code; lower case only, as in the ids. */
const DIGIT = new Int8Array(128).fill(-1);
for (const [value, digit] of [...'0123456789abcdef'].entries()) DIGIT[digit.charCodeAt(0)] = value;

/** A random tag. */
export function newTag(): number {
  return randomBytes(4).readUInt32BE();
}

/** A random instance id, the address of a node. */
export function newInstanceId(): string {
  return randomBytes(12).toString('hex');
}

/** A client id with `tag`: `client_` and a UUID v4. */
export function newTaggedClientId(tag: number): string {
  return `client_${randomUUID().slice(0, -TAG_DIGITS)}${tag.toString(16).padStart(TAG_DIGITS, '0')}`;
}

/** The tag in the client id `bytes[start..end)`; -1 when it has none. */
export function tagOf(bytes: Buffer, start: number, end: number): number {
  if (end - start < TAG_DIGITS) return -1;
  let high = 0;
  let low = 0;
  for (let i = end - TAG_DIGITS; i < end; i++) {
    const digit = DIGIT[bytes[i] as number] ?? -1;
    if (digit < 0) return -1;
    high = ((high << 4) | (low >>> 12)) & 0xffff;
    low = ((low << 4) | digit) & 0xffff;
  }
  return high * 0x10000 + low;
}

/** The tag in a client id; -1 when it has none. */
export function tagOfId(id: string): number {
  const digits = id.slice(-TAG_DIGITS);
  return /^[0-9a-f]{8}$/.test(digits) ? Number.parseInt(digits, 16) : -1;
}
