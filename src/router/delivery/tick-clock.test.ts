import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { Counters } from '../counters.ts';
import { TickClock } from './tick-clock.ts';

test('tick clock: reads the clock once per tick', () => {
  const clock = new FakeClock();
  const startMs = clock.now();
  const tick = new TickClock(clock, new Counters());
  tick.begin();
  clock.advance(1);
  tick.begin();
  assert.equal(tick.nowMs, startMs);
  clock.endTick();
  tick.begin();
  assert.equal(tick.nowMs, startMs + 1);
  assert.equal(clock.endTick(), true);
  assert.equal(clock.endTick(), false, 'one callback per tick');
});

test('tick clock: counts each message with the duration of its tick, and no tick without messages', () => {
  const clock = new FakeClock();
  const counters = new Counters();
  const tick = new TickClock(clock, counters);
  tick.begin();
  tick.messages = 3;
  clock.advance(2);
  clock.endTick();
  tick.begin();
  clock.endTick();
  assert.equal(counters.routingLatency.count, 3);
  assert.ok(Math.abs(counters.routingLatency.sum - 0.006) < 1e-9);
});
