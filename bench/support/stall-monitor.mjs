// Loaded into the router by NODE_OPTIONS: notes every stretch in which it worked without coming back to its event loop. It
// goes by the processor time of the main thread, so what other programs take does not count.
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
