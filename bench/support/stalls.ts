import type { RouterProcess } from '../../test/support/router-process.ts';
import { paced } from './loads.ts';
import type { Pair } from './servers.ts';
import { decimal } from './table.ts';

const PROBES_PER_SECOND = 500;
/** When in the observed time the job begins. */
const LEAD_MS = 300;

/** Watches what a job of the router does to others: their latency, and how late its event loop runs. */
export class Stalls {
  readonly rows: string[][] = [];
  private readonly router: RouterProcess;
  private readonly pairs: readonly Pair[];
  private readonly say: (text: string) => void;

  constructor(router: RouterProcess, pairs: readonly Pair[], say: (text: string) => void) {
    this.router = router;
    this.pairs = pairs;
    this.say = say;
  }

  /** Runs `job` and watches for `seconds`. */
  async during(name: string, job: () => Promise<void>, seconds = 2): Promise<void> {
    this.say(name);
    const [{ latencies }, lateMs] = await Promise.all([
      paced(this.pairs, PROBES_PER_SECOND, seconds),
      this.watchLoop(seconds),
      new Promise((resolve) => setTimeout(resolve, LEAD_MS)).then(job),
    ]);
    const milliseconds = (share: number): string => decimal(latencies.microseconds(share) / 1000, 1);
    this.rows.push([name, milliseconds(0.99), milliseconds(1), decimal(lateMs, 1)]);
  }

  /** The router's own figure, which it takes anew about once a second. */
  private async watchLoop(seconds: number): Promise<number> {
    let worstMs = 0;
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
      worstMs = Math.max(worstMs, (await this.router.status()).eventLoop.maxMs);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    return worstMs;
  }
}
