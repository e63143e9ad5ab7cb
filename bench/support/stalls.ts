import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TempFolder } from '../../test/support/temp.ts';
import { paced } from './loads.ts';
import type { Pair } from './servers.ts';
import { decimal } from './table.ts';

const PROBES_PER_SECOND = 500;
/** Start of the job within the observed time. */
const LEAD_MS = 300;
const MONITOR = fileURLToPath(new URL('stall-monitor.mjs', import.meta.url));

/** Measures the effect of a job of the router on other clients: its longest stretch of work, and their latency. */
export class Stalls {
  readonly rows: string[][] = [];
  private readonly file: string;

  constructor(folder: TempFolder) {
    this.file = folder.file('stalls');
  }

  /** Environment for the router. */
  get env(): Record<string, string> {
    return { NODE_OPTIONS: `--import ${MONITOR}`, BENCH_STALLS: this.file };
  }

  /** The longest stretch of work since `from`, in milliseconds; 0 if none was recorded. */
  longestMs(from: number): number {
    if (!existsSync(this.file)) return 0;
    const notes = readFileSync(this.file, 'utf8').trim().split('\n');
    const since = notes.map((line) => line.split(' ').map(Number)).filter(([at]) => (at as number) >= from);
    return Math.max(0, ...since.map(([, stretchMs]) => stretchMs as number));
  }

  /** Runs `job` with a light load on `pairs`, and observes for `seconds`. */
  async during(name: string, pairs: readonly Pair[], job: () => Promise<void>, seconds = 2): Promise<void> {
    const from = Date.now();
    const [{ latencies }] = await Promise.all([
      // without spinning: on two cores, the many clients and the router need both
      paced(pairs, PROBES_PER_SECOND, seconds, false),
      new Promise((resolve) => setTimeout(resolve, LEAD_MS)).then(job),
    ]);
    const milliseconds = (share: number): string => decimal(latencies.microseconds(share) / 1000, 1);
    this.rows.push([name, decimal(this.longestMs(from), 1), milliseconds(0.99), milliseconds(1)]);
  }
}
