import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterHarness, type TestNode } from '../../test/support/cluster-harness.ts';
import type { Peer } from '../../test/support/router-harness.ts';
import { SessionTokens } from '../access/session-tokens.ts';
import { ANONYMOUS } from '../router/index.ts';
import { Sessions } from '../router/sessions/sessions.ts';
import { tagOfId } from './tag.ts';

const KEY = Buffer.alloc(32, 1);

function three(): { harness: ClusterHarness; a: TestNode; b: TestNode; c: TestNode } {
  const harness = new ClusterHarness(3);
  return { harness, a: harness.node(0), b: harness.node(1), c: harness.node(2) };
}

function eventsOf(peer: Peer): string[] {
  return peer.received().map(({ type, data }) => {
    const { clientId, reason } = data as { clientId: string; reason?: string };
    return [type, clientId, reason].filter((part) => part !== undefined).join(' ');
  });
}

test('cluster: a killed node is dead after 4 s: one event for each client, and failed requests', () => {
  const { harness, a, b, c } = three();
  const gone = [b.join(), b.join()].map(({ id }) => id);
  const kept = c.join();
  const asker = a.join();
  const subscriber = a.subscribe();
  asker.send({ type: 'request', targetId: gone[0] ?? '', payload: { requestId: 'r' } });
  harness.kill(b);
  harness.settle(3500);
  assert.deepEqual(eventsOf(subscriber), []);
  harness.settle(1500);
  assert.deepEqual(
    eventsOf(subscriber),
    gone.map((id) => `clientDisconnected ${id} Connection lost`),
  );
  assert.deepEqual(
    asker.received().map(({ success }) => success),
    [false],
  );
  assert.deepEqual(a.core.statistics().activeClients, 2);
  asker.send({ type: 'unicast', targetId: gone[1] ?? '', payload: {} });
  assert.match(String(asker.received()[0]?.errorMessage), /не найден/);
  asker.send({ type: 'unicast', targetId: kept.id, payload: {} });
  assert.equal(kept.received().length, 1);
});

test('cluster: a node that stops announces it; its clients are removed at once, once', () => {
  const { harness, a, b } = three();
  const { id } = b.join();
  const subscriber = a.subscribe();
  void b.cluster.stop();
  harness.settle(100);
  assert.deepEqual(eventsOf(subscriber), [`clientDisconnected ${id} Router shutdown`]);
  harness.settle(10_000);
  assert.deepEqual(eventsOf(subscriber), []);
});

test('cluster: a node that was cut off rejoins; each change is one event', () => {
  const { harness, a, b, c } = three();
  const stays = b.join();
  const leaves = b.join();
  const subscribers = [a.subscribe(), c.subscribe()];
  const local = b.subscribe();
  harness.network.isolate(b.instance);
  harness.settle(6000);
  for (const subscriber of subscribers) {
    assert.deepEqual(eventsOf(subscriber), [
      `clientDisconnected ${stays.id} Connection lost`,
      `clientDisconnected ${leaves.id} Connection lost`,
    ]);
  }
  const { id } = leaves;
  leaves.p2p.closed();
  b.core.remove(b.core.registry.clients.get(id) ?? assert.fail(), 'connectionLost');
  const fresh = b.join();
  harness.network.copies = () => 1;
  harness.settle(4000);
  for (const subscriber of subscribers) {
    assert.deepEqual(
      eventsOf(subscriber).sort(),
      [`clientConnected ${stays.id}`, `clientConnected ${fresh.id}`].sort(),
    );
  }
  const atOwnNode = eventsOf(local);
  assert.equal(atOwnNode.filter((event) => event.startsWith('clientConnected')).length, 1);
  assert.deepEqual([...a.core.listedClients()].length, 2);
  const sender = a.join();
  sender.send({ type: 'unicast', targetId: stays.id, payload: { n: 1 } });
  stays.send({ type: 'unicast', targetId: sender.id, payload: { n: 2 } });
  assert.deepEqual([stays.received().length, sender.received().length], [1, 1]);
});

test('cluster: an outage shorter than 30 s loses no client and no accepted message', () => {
  const { harness, a, b } = three();
  const sender = a.join();
  const receiver = b.join();
  const subscriber = a.subscribe();
  const setUp = (up: boolean): void => {
    harness.network.copies = () => (up ? 1 : 0);
    for (const { carrier } of harness.nodes) carrier.setUp(up);
  };
  setUp(false);
  let sent = 0;
  for (let i = 0; i < 100; i++) {
    sender.send({ type: 'unicast', targetId: receiver.id, payload: { n: sent++ } });
    harness.settle(100);
  }
  const refused = sender.received().length;
  assert.ok(refused > 70, 'after two seconds senders get errors');
  const registered = b.join({ name: 'during' });
  setUp(true);
  harness.settle(1000);
  const received = receiver.received().map(({ payload }) => (payload as { n: number }).n);
  assert.equal(received.length + refused, sent, 'each message is delivered or answered');
  assert.deepEqual(
    received,
    received.map((_, index) => index),
  );
  assert.equal(a.counters.dropped.peerUnavailable, refused);
  assert.deepEqual(eventsOf(subscriber), [`clientConnected ${registered.id}`]);
  assert.deepEqual([...harness.node(2).core.listedClients()].length, 3);
});

test('cluster: a longer outage removes the clients of other nodes, and they return', () => {
  const { harness, a, b } = three();
  const far = b.join();
  const subscriber = a.subscribe();
  for (const up of [false, true]) {
    harness.network.copies = () => (up ? 1 : 0);
    for (const { carrier } of harness.nodes) carrier.setUp(up);
    harness.settle(up ? 5000 : 32_000, 100);
  }
  assert.deepEqual(eventsOf(subscriber), [`clientDisconnected ${far.id} Connection lost`, `clientConnected ${far.id}`]);
});

test('cluster: senders to a node that does not acknowledge are paused, then refused', () => {
  const harness = new ClusterHarness(2, {
    maxMessageBytes: 4 << 20,
    maxSendQueueBytes: 64 << 20,
    maxBufferBytes: 1 << 30,
  });
  const [a, b] = [harness.node(0), harness.node(1)];
  const sender = a.join();
  const receiver = b.join();
  harness.network.copies = () => 0;
  const large = { type: 'unicast', targetId: receiver.id, payload: { blob: 'x'.repeat(1 << 20) } };
  for (let i = 0; i < 4; i++) sender.send(large);
  assert.equal(sender.transport.paused, true);
  harness.settle(2300);
  assert.equal(sender.transport.paused, false, 'a stall ends the pause');
  sender.send({ type: 'unicast', targetId: receiver.id, payload: {} }, { type: 'broadcast', payload: {} });
  assert.equal(sender.received().length, 1);
  assert.deepEqual(a.dropped(), { peerUnavailable: 2 });
  harness.settle(3000);
  assert.deepEqual(a.dropped(), { peerUnavailable: 6 }, 'with the death of the node the held messages are answered');
  assert.equal(sender.received().length, 4);
});

test('cluster: an overloaded router pauses the links of its senders', () => {
  const harness = new ClusterHarness(2, {
    maxMessageBytes: 4 << 20,
    maxSendQueueBytes: 64 << 20,
    maxBufferBytes: 1 << 30,
  });
  const [a, b] = [harness.node(0), harness.node(1)];
  const receiver = b.join();
  const senders = Array.from({ length: 12 }, () => a.join());
  const large = { type: 'unicast', targetId: receiver.id, payload: { blob: 'x'.repeat(1 << 20) } };
  for (const sender of senders) sender.send(large);
  harness.settle(1000);
  assert.equal(receiver.received().length, 12);
  assert.ok(senders.every(({ transport }) => !transport.paused));
});

test('cluster: a message repeated by the carrier is delivered once', () => {
  const { harness, a, b } = three();
  harness.network.copies = () => 2;
  const sender = a.join();
  const receiver = b.join();
  for (let i = 0; i < 10; i++) sender.send({ type: 'unicast', targetId: receiver.id, payload: { n: i } });
  harness.settle(500);
  assert.deepEqual(receiver.received().length, 10);
});

test('cluster: an id registered on one node is found by another at once', () => {
  const { harness, a, b } = three();
  const sender = a.join();
  const pauses = b.join();
  for (let i = 0; i < 200; i++) {
    const connection = b.connect();
    const client = b.register({ connection });
    const peer = b.open(connection);
    const hello = peer.p2p;
    assert.ok(hello);
    peer.send({ type: 'heartbeat', senderId: client.id });
    sender.send({ type: 'unicast', targetId: client.id, payload: { i } });
  }
  harness.run();
  assert.deepEqual([sender.received(), a.dropped(), b.dropped()], [[], {}, {}]);
  assert.ok(pauses);
});

test('cluster: a node that starts with the tag of another draws a new one', () => {
  const harness = new ClusterHarness(1);
  const first = harness.node(0);
  const second = harness.add('later', { tag: first.cluster.tag });
  harness.settle(2500);
  assert.notEqual(second.cluster.tag, first.cluster.tag);
  const [here, there] = [first.join(), second.join()];
  assert.equal(tagOfId(there.id), second.cluster.tag);
  here.send({ type: 'unicast', targetId: there.id, payload: {} });
  assert.equal(there.received().length, 1);
});

test('cluster: two nodes with one label work, with a warning', () => {
  const harness = new ClusterHarness(1);
  const first = harness.node(0);
  const second = harness.add('other', { label: 'n0' });
  harness.settle(1500);
  assert.deepEqual([first.warnings, second.warnings], [['label-n0'], ['label-n0']]);
  assert.equal(second.cluster.membership.sameLabel, 1);
});

test('cluster: a replica that differs is replaced by a snapshot', () => {
  const { harness, a, b } = three();
  const far = b.join();
  const replica = [...a.cluster.nodes].find(({ instance }) => instance === b.instance)?.directory;
  assert.ok(replica);
  replica.in('')?.clients.clear();
  replica.digest = replica.count = 0;
  assert.equal([...a.core.listedClients()].length, 0);
  harness.settle(2500);
  assert.equal(a.cluster.counters.resyncs, 1);
  assert.deepEqual([...a.core.listedClients()].length, 1);
  assert.ok(far.id);
});

test('cluster: the start waits for the snapshots of the others, and two seconds at most', async () => {
  const harness = new ClusterHarness(1);
  for (let i = 0; i < 1500; i++) harness.node(0).register({ name: 'x'.repeat(200) });
  const late = harness.add('late');
  const startedAfter = async (node: TestNode): Promise<number> => {
    for (let ms = 0; ms < 3000; ms += 100) {
      await Promise.resolve();
      if (node.hasStarted) return ms;
      harness.settle(100);
    }
    return Number.NaN;
  };
  const withNodes = await startedAfter(late);
  assert.ok(withNodes >= 300 && withNodes < 1000, String(withNodes));
  assert.equal([...late.core.listedClients()].length, 1500);
  harness.network.copies = () => 0;
  harness.network.later = () => {};
  const alone = await startedAfter(harness.add('alone'));
  assert.ok(alone >= 2000 && alone <= 2300, String(alone));
});

test('cluster: last activity and status of remote clients follow within seconds', () => {
  const { harness, a, b } = three();
  const far = b.join();
  far.client.setStatus('idle');
  harness.settle(6000, 100);
  const [listed] = [...a.core.listedClients()];
  assert.equal(listed?.status, 'idle');
  harness.settle(25_000, 100);
  far.send({ type: 'heartbeat', senderId: far.id });
  harness.settle(6000, 100);
  const [later] = [...a.core.listedClients()];
  assert.equal(later?.status, 'online');
  assert.deepEqual(later?.encodedInfo(), far.client.encodedInfo());
});

test('cluster: the id of a session on another node is not granted again while that node lives', () => {
  const { harness, a, b } = three();
  const peers = a.core.peers;
  assert.ok(peers);
  const { id } = b.join();
  assert.equal(peers.isOwnedElsewhere(id), true);
  assert.equal(peers.isOwnedElsewhere(a.join().id), false);
  const token = new SessionTokens(KEY).issue({ clientId: id, generation: 1 }, '', harness.clock.now() + 60_000);
  const sessions = new Sessions(a.core, new SessionTokens(KEY));
  assert.equal(sessions.formerId(token, ANONYMOUS), null);
  harness.kill(b);
  harness.settle(5000);
  assert.equal(sessions.formerId(token, ANONYMOUS), id);
});
