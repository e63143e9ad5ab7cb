// Loaded into the router by NODE_OPTIONS: records every stretch of work without a return to the event loop, measured in
// processor time of the main thread, so that other programs do not count.
import { appendFileSync, openSync, readSync } from 'node:fs';

const NOTED_FROM_MS = 3;
const clock = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const bytes = Buffer.alloc(64);

function workedMs() {
  const length = readSync(clock, bytes, 0, bytes.length, 0);
  return Number.parseInt(bytes.latin1Slice(0, length), 10) / 1e6;
}

let last = workedMs();
setInterval(() => {
  const stretchMs = workedMs() - last;
  if (stretchMs > NOTED_FROM_MS) appendFileSync(process.env.BENCH_STALLS, `${Date.now()} ${stretchMs}\n`);
  last = workedMs();
}, 1).unref();
