import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Peer, RouterHarness } from '../../test/support/router-harness.ts';
import { ANONYMOUS } from './identity.ts';
import { Liveness } from './liveness.ts';

const INTERVAL_MS = 30_000;
const EMPTY_MAP = Buffer.from([0xa0]);

interface Watch {
  readonly harness: RouterHarness;
  readonly events: Peer;
  /** Advances the time, runs a check, and returns the resulting events as `type detail`. */
  readonly checkAfter: (ms: number) => string[];
}

function watch(): Watch {
  const harness = new RouterHarness();
  const liveness = new Liveness(harness.core);
  const events = harness.subscribe();
  const checkAfter = (ms: number): string[] => {
    harness.clock.advance(ms);
    liveness.check();
    harness.runTicks();
    return events.received().map(({ type, data }) => {
      const { reason, activeClients } = data as { reason?: string; activeClients?: number };
      return `${type} ${reason ?? activeClients ?? ''}`;
    });
  };
  return { harness, events, checkAfter };
}

/** A client that registered before the events are observed. */
function joined(here: Watch): Peer {
  const peer = here.harness.join();
  here.events.received();
  return peer;
}

test('liveness: a client is idle after two silent intervals, online with its next message', () => {
  const here = watch();
  const peer = joined(here);
  assert.deepEqual(here.checkAfter(2 * INTERVAL_MS - 1), []);
  assert.equal(peer.client.status, 'online');
  assert.deepEqual(here.checkAfter(1), ['topologyChanged 1']);
  assert.equal(peer.client.status, 'idle');
  assert.deepEqual(here.checkAfter(INTERVAL_MS), [], 'it is idle already');
  peer.send({ type: 'heartbeat' });
  assert.equal(peer.client.status, 'online');
  assert.equal(peer.client.lastActivity, here.harness.clock.nowMs);
});

test('liveness: changes of the system clock have no effect', () => {
  const here = watch();
  const peer = joined(here);
  const profile = { name: 'b', groups: [], metadata: EMPTY_MAP };
  const streamless = here.harness.core.register(peer.client.connection, profile, ANONYMOUS);
  here.harness.runTicks();
  here.events.received();
  for (const day of [1, -2]) {
    here.harness.clock.step(day * 24 * 3600 * 1000);
    assert.deepEqual(here.checkAfter(1), []);
  }
  assert.equal(peer.client.status, 'online');
  assert.deepEqual(here.checkAfter(INTERVAL_MS), ['clientDisconnected Zombie connection cleanup', 'topologyChanged 1']);
  assert.ok(typeof streamless !== 'string' && streamless.removed);
});

test('liveness: a client is disconnected after the timeout', () => {
  const here = watch();
  const peer = joined(here);
  const { client } = peer;
  assert.deepEqual(here.checkAfter(300_000 - 1), ['topologyChanged 1']);
  here.harness.clock.advance(1000);
  assert.deepEqual(here.checkAfter(0), ['clientDisconnected Inactivity timeout', 'topologyChanged 0']);
  assert.deepEqual(peer.transport.ended, ['DEADLINE_EXCEEDED', 'Inactivity timeout']);
  assert.deepEqual([client.removed, here.harness.closed], [true, [`${client.id} inactivityTimeout`]]);
  peer.send({ type: 'heartbeat', senderId: client.id });
  assert.deepEqual(peer.received(), [], 'messages after the disconnect are ignored');
});

test('liveness: a client that sends every 20 s stays online', () => {
  const here = watch();
  const peer = joined(here);
  for (let i = 0; i < 60; i++) {
    peer.send({ type: 'heartbeat' });
    assert.deepEqual(here.checkAfter(20_000), []);
  }
});

test('liveness: a client without a stream is removed after one interval', () => {
  const here = watch();
  const client = here.harness.register();
  here.harness.runTicks();
  here.events.received();
  assert.deepEqual(here.checkAfter(INTERVAL_MS - 1), []);
  assert.deepEqual(here.checkAfter(1), ['clientDisconnected Zombie connection cleanup', 'topologyChanged 0']);
  assert.deepEqual(here.harness.closed, [`${client.id} zombie`]);
});

test('liveness: a client that lost its stream has one interval to open another', () => {
  for (const comesBack of [false, true]) {
    const here = watch();
    const peer = joined(here);
    const { client } = peer;
    here.harness.clock.advance(25_000);
    peer.p2p.closed();
    const events = here.checkAfter(INTERVAL_MS - 1);
    assert.deepEqual(events, ['clientCapabilitiesUpdated '], 'not counted from the registration');
    if (comesBack) here.harness.open(client.connection).send({ type: 'heartbeat', senderId: client.id });
    here.checkAfter(1);
    assert.equal(client.removed, !comesBack);
  }
});

test('liveness: one check causes at most one topology event', () => {
  const here = watch();
  for (let i = 0; i < 5; i++) joined(here);
  assert.deepEqual(here.checkAfter(2 * INTERVAL_MS), ['topologyChanged 5']);
});

test('liveness: topology events are rate-limited', () => {
  const here = watch();
  joined(here);
  here.harness.clock.advance(500);
  joined(here);
  assert.deepEqual(here.checkAfter(2 * INTERVAL_MS - 500), ['topologyChanged 2'], 'the first is idle');
  assert.deepEqual(here.checkAfter(500), [], 'so is the second');
  assert.deepEqual(here.checkAfter(500), ['topologyChanged 2']);
  assert.deepEqual(here.checkAfter(5000), []);
});

test('liveness: pending topology events without subscribers are dropped', () => {
  const here = watch();
  joined(here);
  here.harness.core.events.subscribers.clear();
  assert.deepEqual(here.checkAfter(2 * INTERVAL_MS), []);
  const later = here.harness.subscribe();
  assert.deepEqual(here.checkAfter(INTERVAL_MS), []);
  assert.deepEqual(later.received(), []);
});

test('liveness: a check of many clients spans several ticks and visits each once', () => {
  const harness = new RouterHarness();
  const liveness = new Liveness(harness.core);
  const zombies = Array.from({ length: 1000 }, () => harness.register());
  harness.clock.advance(INTERVAL_MS);
  liveness.check();
  liveness.check();
  const removed = (): number => zombies.filter((client) => client.removed).length;
  const afterFirstTurn = removed();
  assert.ok(afterFirstTurn > 0 && afterFirstTurn < 100, `${afterFirstTurn} in one turn`);
  while (harness.clock.endTick());
  assert.deepEqual([removed(), harness.counters.closed.zombie], [1000, 1000]);
});
