import { headEnd, skipItem } from './scan-item.ts';
import { equals } from './scan-message.ts';

/**
 * Finds the value of the text `key` in the map `bytes[start..end)`, which was scanned before; null if absent. The last of
 * duplicate keys wins, as in the Dart decoder. The result is a slice: copy it to keep it.
 */
export function findValue(bytes: Buffer, start: number, end: number, key: Buffer): Buffer | null {
  const info = (bytes[start] as number) & 31;
  const indefinite = info === 31;
  const entriesEnd = indefinite ? end - 1 : end;
  let pos = indefinite ? start + 1 : headEnd(start + 1, info);
  let found: Buffer | null = null;
  while (pos < entriesEnd) {
    const keyEnd = skipItem(bytes, pos, end, 1);
    const valueEnd = skipItem(bytes, keyEnd, end, 1);
    if (isTextKey(bytes, pos, keyEnd, key)) found = bytes.subarray(keyEnd, valueEnd);
    pos = valueEnd;
  }
  return found;
}

function isTextKey(bytes: Buffer, pos: number, end: number, key: Buffer): boolean {
  const initial = bytes[pos] as number;
  if (initial >> 5 !== 3) return false;
  const start = headEnd(pos + 1, initial & 31);
  return end - start === key.length && equals(bytes, start, key);
}
