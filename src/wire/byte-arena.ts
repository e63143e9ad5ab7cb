import { EMPTY_MAP } from './cbor.ts';

const BLOCK_BYTES = 4096;
const MAX_SHARED_BYTES = 512;

let block = Buffer.alloc(0);
let used = 0;

/**
 * Copies `bytes` for long-term storage. Short copies share blocks: a separate buffer has an overhead of 200 bytes, and a slice
 * of the Node.js pool or of a read chunk pins all of it.
 */
export function copyToArena(bytes: Buffer): Buffer {
  const { length } = bytes;
  if (length === 1 && bytes[0] === EMPTY_MAP[0]) return EMPTY_MAP;
  if (length > MAX_SHARED_BYTES) return copyInto(Buffer.allocUnsafeSlow(length), bytes);
  if (used + length > block.length) {
    block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    used = 0;
  }
  used += length;
  return copyInto(block.subarray(used - length, used), bytes);
}

function copyInto(copy: Buffer, bytes: Buffer): Buffer {
  copy.set(bytes);
  return copy;
}
