import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_INTERVAL_MS = 200;
const READ_BYTES = 64 * 1024;

/**
 * Writes out data appended to a file, from byte `from` on, until aborted. Switches to the new file when the log is
 * rotated by renaming, and to the beginning when it is truncated.
 */
export async function followLog(
  path: string,
  from: number,
  write: (bytes: Buffer) => void,
  ended: AbortSignal,
): Promise<void> {
  let descriptor = openSync(path, 'r');
  let position = from;
  try {
    for (;;) {
      position = readToEnd(descriptor, position, write);
      const rotated = openIfRotated(path, descriptor);
      if (rotated !== null) {
        readToEnd(descriptor, position, write); // the lines written between the last read and the rename
        closeSync(descriptor);
        descriptor = rotated;
        position = 0;
      } else await delay(POLL_INTERVAL_MS, undefined, { signal: ended });
    }
  } catch (error) {
    if (!ended.aborted) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Reads to the end of the file; returns the new position. */
function readToEnd(descriptor: number, from: number, write: (bytes: Buffer) => void): number {
  let position = fstatSync(descriptor).size < from ? 0 : from;
  for (;;) {
    const buffer = Buffer.alloc(READ_BYTES);
    const length = readSync(descriptor, buffer, 0, READ_BYTES, position);
    if (length === 0) return position;
    write(buffer.subarray(0, length));
    position += length;
  }
}

/** Opens the file if a rotation has replaced it; otherwise null. */
function openIfRotated(path: string, descriptor: number): number | null {
  const now = statSync(path, { throwIfNoEntry: false });
  const held = fstatSync(descriptor);
  if (now === undefined || (now.ino === held.ino && now.dev === held.dev)) return null;
  return openSync(path, 'r');
}
