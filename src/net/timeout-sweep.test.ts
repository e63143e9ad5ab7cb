import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TimedConnection, TimeoutSweep } from './timeout-sweep.ts';

class CountingConnection implements TimedConnection {
  checks = 0;

  checkTimeouts(): void {
    this.checks++;
  }
}

test('TimeoutSweep: each connection is checked once per ten calls, a tenth of them per call', () => {
  const connections = new Set(Array.from({ length: 95 }, () => new CountingConnection()));
  const sweep = new TimeoutSweep(connections);
  const total = (): number => [...connections].reduce((sum, { checks }) => sum + checks, 0);
  sweep.run();
  assert.equal(total(), 10);
  for (let n = 1; n < 10; n++) sweep.run();
  assert.deepEqual(new Set([...connections].map(({ checks }) => checks)), new Set([1]));
});

test('TimeoutSweep: connections may close and open during a sweep', () => {
  const connections = new Set(Array.from({ length: 30 }, () => new CountingConnection()));
  const sweep = new TimeoutSweep(connections);
  sweep.run();
  for (const connection of [...connections].slice(0, 20)) connections.delete(connection);
  const added = new CountingConnection();
  connections.add(added);
  for (let n = 0; n < 20; n++) sweep.run();
  assert.ok(added.checks >= 1);
  new TimeoutSweep(new Set()).run();
});
