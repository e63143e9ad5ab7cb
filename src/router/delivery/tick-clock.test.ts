import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counters } from '../counters.ts';
import type { Clock } from '../interfaces.ts';
import { TickClock } from './tick-clock.ts';

class HandClock implements Clock {
  nowMs = 1000;
  monotonic = 5;
  reads = 0;
  ends: (() => void)[] = [];

  now(): number {
    this.reads++;
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.monotonic;
  }

  after(): () => void {
    return () => {};
  }

  atTickEnd(run: () => void): void {
    this.ends.push(run);
  }

  endTurn(): void {
    for (const run of this.ends.splice(0)) run();
  }
}

test('the clock is read once in a turn, and anew in the next', () => {
  const clock = new HandClock();
  const turn = new TickClock(clock, new Counters());
  turn.begin();
  clock.nowMs = 1001;
  turn.begin();
  assert.equal(turn.nowMs, 1000);
  assert.equal(clock.reads, 1);
  clock.endTurn();
  turn.begin();
  assert.equal(turn.nowMs, 1001);
  assert.equal(clock.ends.length, 1);
});

test('each message counts with the time of its whole turn; a turn without any does not count', () => {
  const clock = new HandClock();
  const counters = new Counters();
  const turn = new TickClock(clock, counters);
  turn.begin();
  turn.messages = 3;
  clock.monotonic += 2;
  clock.endTurn();
  turn.begin();
  clock.endTurn();
  assert.equal(counters.routingLatency.count, 3);
  assert.ok(Math.abs(counters.routingLatency.sum - 0.006) < 1e-9);
});
