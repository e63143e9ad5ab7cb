import { getHeapStatistics } from 'node:v8';

const MEBIBYTE = 1024 * 1024;
/** Less than this is not worth a collection. */
const WORTHWHILE_BYTES = 64 * MEBIBYTE;
/** While it changes by more than this between two looks, V8 collects by itself. */
const QUIET_BYTES = 8 * MEBIBYTE;
const QUIET_LOOKS = 8;
/** A collection takes a few nudges; memory that is still there after so many is in use. */
const MAX_NUDGES = 60;
const RETRY_MS = 600_000;
/** Never written to, so it takes no memory; V8 begins when it has seen 64 MiB since its last collection. */
const NUDGE_BYTES = 4 * MEBIBYTE;

/**
 * Decides when V8 has to be asked to free buffers that nothing refers to any more. It collects when something is allocated:
 * when a flood ends and nothing follows, hundreds of megabytes that it left stay with the process without end.
 */
export class MemoryReturn {
  private lastBytes = 0;
  private quietLooks = 0;
  private nudges = 0;
  private notBeforeMs = 0;

  /** True when V8 is to be nudged. `externalBytes`: of all buffers that V8 has not freed; `usedBytes`: those that are in use. */
  look(externalBytes: number, usedBytes: number, nowMs: number): boolean {
    const isQuiet = Math.abs(externalBytes - this.lastBytes) <= QUIET_BYTES;
    this.lastBytes = externalBytes;
    this.quietLooks = isQuiet ? this.quietLooks + 1 : 0;
    if (externalBytes - usedBytes < WORTHWHILE_BYTES) this.nudges = 0;
    else if (this.quietLooks >= QUIET_LOOKS && nowMs >= this.notBeforeMs) {
      if (this.nudges++ < MAX_NUDGES) return true;
      this.nudges = 0;
      this.notBeforeMs = nowMs + RETRY_MS;
    }
    return false;
  }
}

/** What nudged V8 so far: kept, since a collection of the young generation would take it back, and nothing would have happened. */
let nudged: Buffer[] = [];

/** Looks, and nudges V8 if need be; to be called a few times a second. `usedBytes`: of buffers that are in use, as far as they are counted. */
export function returnMemory(state: MemoryReturn, usedBytes: number): void {
  const { external_memory: externalBytes } = getHeapStatistics() as { external_memory?: number };
  const otherBytes = (externalBytes ?? 0) - nudged.length * NUDGE_BYTES;
  // each allocation lets V8 do another step of an incremental collection, a few milliseconds at most
  if (state.look(otherBytes, usedBytes, performance.now())) nudged.push(Buffer.allocUnsafeSlow(NUDGE_BYTES));
  else if (nudged.length > 0) nudged = [];
}
