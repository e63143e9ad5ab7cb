import { appendFileSync, writeFileSync } from 'node:fs';
import { Crowd } from './support/crowd.ts';
import { closedLoop } from './support/loads.ts';
import { cpuMicroseconds, residentBytes } from './support/process-usage.ts';
import { RouterServer } from './support/servers.ts';

const N = Number(process.argv[2] ?? 10000);
writeFileSync('/tmp/gcmon.log', '');
await using router = await RouterServer.start(
  [],
  process.argv[3] === 'gc' ? { NODE_OPTIONS: '--import /tmp/gcmon.mjs' } : {},
);
const pairs = await router.pairs(20, 2);
const cost = async (messages = 20000) => {
  const b = cpuMicroseconds(router.pid);
  await closedLoop(pairs, 1, messages);
  return (cpuMicroseconds(router.pid) - b) / messages;
};
await closedLoop(pairs, 1, 30000);
const a = [];
for (let i = 0; i < 6; i++) a.push(await cost());
console.log('alone', a.map((x) => x.toFixed(1)).join(' '));
await using crowd = new Crowd(router.process.port, 2);
await crowd.connect(1);
const c0 = cpuMicroseconds(router.pid);
await crowd.connect(N - 1);
console.log('connect s', ((cpuMicroseconds(router.pid) - c0) / 1e6).toFixed(2));
await new Promise((r) => setTimeout(r, Number(process.argv[4] ?? 8000)));
appendFileSync('/tmp/gcmon.log', '--- crowd\n');
const b = [];
for (let i = 0; i < 6; i++) b.push(await cost());
console.log('crowded', b.map((x) => x.toFixed(1)).join(' '), 'rss', (residentBytes(router.pid) / 1048576).toFixed(0));
console.log('ratio of min', (Math.min(...b) / Math.min(...a)).toFixed(2));
for (const p of pairs) {
  p.sender.close();
  p.receiver.close();
}
