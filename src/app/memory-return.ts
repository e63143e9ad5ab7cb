import { getHeapStatistics } from 'node:v8';

const MEBIBYTE = 1024 * 1024;
/** Less unused memory is not worth a collection. */
const MIN_UNUSED_BYTES = 64 * MEBIBYTE;
/** While external memory changes by more than this between two checks, V8 collects by itself. */
const QUIET_BYTES = 8 * MEBIBYTE;
const QUIET_CHECKS = 8;
/** A collection takes a few nudges; memory that remains after this many is in use, for instance by TLS connections. */
const MAX_NUDGES = 60;
/** Never written to, so it takes no resident memory. V8 starts a collection after 64 MiB of external allocations. */
const NUDGE_BYTES = 4 * MEBIBYTE;

/**
 * Makes V8 free unreferenced buffers after a load peak. V8 collects only on allocation: when no traffic follows a flood,
 * hundreds of megabytes of dead buffers would stay allocated. Small allocations ("nudges") trigger the collection.
 */
export class MemoryReturn {
  private lastBytes = 0;
  private quietChecks = 0;
  private nudges = 0;
  /** External memory that earlier nudges did not free, apart from counted buffers. */
  private liveBytes = 0;
  /** Retained, because a collection of the young generation would free them before V8 counts them. */
  private nudgeBuffers: Buffer[] = [];

  /** Checks the external memory, and nudges V8 if necessary. Call a few times a second. `usedBytes`: buffers in use, as counted. */
  run(usedBytes: number): void {
    const { external_memory: externalBytes } = getHeapStatistics() as { external_memory?: number };
    const otherBytes = (externalBytes ?? 0) - this.nudgeBuffers.length * NUDGE_BYTES;
    // each allocation runs one step of an incremental collection, a few milliseconds at most
    if (this.shouldNudge(otherBytes, usedBytes)) {
      this.nudgeBuffers.push(Buffer.allocUnsafeSlow(NUDGE_BYTES));
    } else if (this.nudgeBuffers.length > 0) this.nudgeBuffers = [];
  }

  /** `externalBytes`: all buffers that V8 has not freed; `usedBytes`: those in use. */
  shouldNudge(externalBytes: number, usedBytes: number): boolean {
    const isQuiet = Math.abs(externalBytes - this.lastBytes) <= QUIET_BYTES;
    this.lastBytes = externalBytes;
    this.quietChecks = isQuiet ? this.quietChecks + 1 : 0;
    const uncountedBytes = Math.max(0, externalBytes - usedBytes);
    this.liveBytes = Math.min(this.liveBytes, uncountedBytes);
    if (uncountedBytes - this.liveBytes < MIN_UNUSED_BYTES) this.nudges = 0;
    else if (this.quietChecks >= QUIET_CHECKS) {
      if (this.nudges++ < MAX_NUDGES) return true;
      this.nudges = 0;
      this.liveBytes = uncountedBytes;
    }
    return false;
  }
}
