import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor } from '../../test/support/cbor.ts';
import { ClusterHarness } from '../../test/support/cluster-harness.ts';
import { RoleRights } from '../access/rights.ts';
import { ClientListing, metadataFilter } from '../router/index.ts';
import { decodeValue } from '../wire/index.ts';

test('cluster: unicasts in both framings reach a client of another node with the bound sender', () => {
  const { nodes } = new ClusterHarness(2);
  const [a, b] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  for (const framing of [1, 2] as const) {
    const sender = a.join({ framing });
    const single = b.join({ framing: 1 });
    const double = b.join({ framing: 2 });
    for (const receiver of [single, double]) {
      sender.send({ type: 'unicast', targetId: receiver.id, senderId: 'forged', payload: { n: 1 } });
      assert.deepEqual(receiver.received(), [
        { type: 'unicast', targetId: receiver.id, senderId: sender.id, payload: { n: 1 } },
      ]);
    }
    assert.deepEqual(sender.received(), []);
  }
  assert.deepEqual([a.dropped(), b.dropped()], [{}, {}]);
});

test('cluster: a unicast to a removed client is refused by its node, with the message id', () => {
  const { nodes } = new ClusterHarness(2);
  const [a, b] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  const sender = a.join();
  const gone = b.join();
  const { id } = gone;
  gone.p2p.closed();
  b.core.remove(b.core.registry.clients.get(id) ?? assert.fail(), 'connectionLost');
  sender.send({ type: 'unicast', targetId: id, payload: { messageId: 'm1' } });
  const [error] = sender.received();
  assert.deepEqual(
    [error?.type, error?.errorMessage, error?.payload],
    ['error', `Клиент ${id} не найден или отключен`, { code: 'not-found', messageId: 'm1' }],
  );
  assert.deepEqual([a.dropped(), b.dropped()], [{ targetNotFound: 1 }, {}]);
  sender.send({ type: 'unicast', targetId: 'client_00000000-0000-4000-8000-000000000000', payload: {} });
  assert.match(String(sender.received()[0]?.errorMessage), /не найден/, 'a tag that no node has');
});

test('cluster: multicast and broadcast reach all members except the sender, in order with unicasts', () => {
  const { nodes } = new ClusterHarness(3);
  const [a, b, c] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]];
  const sender = a.join({ groups: ['room'] });
  const members = [a.join({ groups: ['room'] }), b.join({ groups: ['room'] }), b.join({ groups: ['room', 'other'] })];
  const other = c.join();
  const [, far] = members;
  assert.ok(far);
  sender.send(
    { type: 'unicast', targetId: far.id, payload: { n: 1 } },
    { type: 'multicast', groupName: 'room', payload: { n: 2 } },
    { type: 'unicast', targetId: far.id, payload: { n: 3 } },
    { type: 'broadcast', payload: { n: 4 } },
    { type: 'unicast', targetId: far.id, payload: { n: 5 } },
  );
  const numbers = (peer: typeof far): unknown[] => peer.received().map(({ payload }) => (payload as { n: number }).n);
  assert.deepEqual(numbers(far), [1, 2, 3, 4, 5]);
  assert.deepEqual([numbers(members[0] ?? far), numbers(members[2] ?? far), numbers(other)], [[2, 4], [2, 4], [4]]);
  assert.deepEqual(sender.received(), []);
  sender.send({ type: 'multicast', groupName: 'empty', payload: {} });
  assert.deepEqual(a.dropped(), { noMembers: 1 });
  assert.equal(c.cluster.counters.messagesIn, 1, 'a multicast goes only to nodes with members');
});

test('cluster: requests are answered, refused and failed across nodes as on one', () => {
  const harness = new ClusterHarness(2);
  const [a, b] = harness.nodes as [(typeof harness.nodes)[0], (typeof harness.nodes)[0]];
  const asker = a.join();
  const responder = b.join();
  const { id } = responder;
  const ask = (requestId: string, timeoutMs?: number): void =>
    asker.send({ type: 'request', targetId: id, payload: { requestId, timeoutMs } });
  const outcome = (): unknown[] => {
    const [response] = asker.received();
    return [
      (response?.payload as { requestId: string } | undefined)?.requestId,
      response?.success,
      response?.errorMessage,
    ];
  };
  ask('ok');
  assert.equal(responder.received()[0]?.type, 'request');
  const answer = { type: 'response', targetId: asker.id, payload: { requestId: 'ok' }, success: true };
  responder.send(answer, answer);
  assert.deepEqual(outcome(), ['ok', true, undefined]);
  assert.deepEqual(a.dropped(), { lateResponse: 1 });
  ask('late', 100);
  harness.settle(200);
  assert.deepEqual(outcome(), ['late', false, 'Request timeout']);
  const notFound = `Клиент ${id} не найден или отключен`;
  ask('detached');
  assert.equal(a.core.pending.remoteResponders().length, 1);
  responder.p2p.closed();
  harness.run();
  assert.deepEqual(outcome(), ['detached', false, notFound]);
  ask('gone');
  assert.deepEqual(outcome(), ['gone', false, notFound]);
  assert.equal(a.core.pending.count, 0);
  assert.deepEqual(a.core.pending.remoteResponders(), []);
});

test('cluster: lists, filters and statistics cover all nodes', () => {
  const { nodes } = new ClusterHarness(2);
  const [a, b] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  a.join({ name: 'local', groups: ['g'] });
  const far = b.join({ name: 'far', groups: ['g'], metadata: Buffer.from(encodeCbor({ role: 'dev' })) });
  const names = (groups: string[] | null, metadata: Buffer | null): unknown[] => {
    const filter = { groups: groups && new Set(groups), metadata: metadata && metadataFilter(metadata) };
    const listing = new ClientListing(a.core.listedClients(), filter);
    while (!listing.collect(1));
    const map = decodeValue(Buffer.concat([...listing.chunks(100)])) as Map<string, Map<string, unknown>[]>;
    return (map.get('clients') ?? []).map((client) => client.get('clientName'));
  };
  assert.deepEqual(names(null, null), ['local', 'far']);
  assert.deepEqual(names(['g'], null), ['local', 'far']);
  assert.deepEqual(names(null, Buffer.from(encodeCbor({ role: 'dev' }))), ['far']);
  far.send({ type: 'updateMetadata', payload: { metadata: { role: 'ops' } } });
  assert.deepEqual(names(null, Buffer.from(encodeCbor({ role: 'dev' }))), []);
  far.send({ type: 'updateGroups', payload: { join: ['h'], leave: ['g'] } });
  assert.deepEqual([names(['g'], null), names(['h'], null)], [['local'], ['far']]);
  assert.equal(a.core.statistics().activeClients, 2);
});

test('cluster: each change is one event at the subscribers of every node', () => {
  const harness = new ClusterHarness(2);
  const [a, b] = harness.nodes as [(typeof harness.nodes)[0], (typeof harness.nodes)[0]];
  const subscribers = [a.subscribe(), b.subscribe()];
  const events = (): unknown[] => {
    const [here, there] = subscribers.map((peer) => peer.received().map(({ type, data }) => ({ type, data })));
    assert.deepEqual(here, there, 'the same on both nodes');
    return (here ?? []).map(({ type, data }) => [type, data]);
  };
  const client = b.join({ name: 'c', groups: ['g'], metadata: Buffer.from(encodeCbor({ k: 1 })) });
  const { id } = client;
  assert.deepEqual(events(), [['clientConnected', { clientId: id, clientName: 'c', capabilities: ['g'] }]]);
  client.send({ type: 'updateMetadata', payload: { metadata: { k: 2 } } });
  assert.deepEqual(events(), [['clientCapabilitiesUpdated', { clientId: id, metadata: { k: 2 } }]]);
  client.send({ type: 'updateGroups', payload: { join: ['h'] } });
  assert.deepEqual(events(), [
    ['clientCapabilitiesUpdated', { clientId: id, metadata: { k: 2 }, capabilities: ['g', 'h'] }],
  ]);
  const _lastSeen = client.client.lastActivity;
  client.p2p.closed();
  harness.run();
  assert.deepEqual(events(), [
    ['clientCapabilitiesUpdated', { clientId: id, metadata: { k: 2, _status: 'disconnecting', _lastSeen } }],
  ]);
  b.core.remove(b.core.registry.clients.get(id) ?? assert.fail(), 'zombie');
  harness.run();
  assert.deepEqual(events(), [['clientDisconnected', { clientId: id, reason: 'Zombie connection cleanup' }]]);
  harness.settle(10_000);
  assert.deepEqual(events(), []);
});

test('cluster: a message larger than an envelope is sent in fragments', () => {
  const { nodes } = new ClusterHarness(2, { maxMessageBytes: 4 << 20, maxSendQueueBytes: 8 << 20 });
  const [a, b] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  const sender = a.join();
  const receiver = b.join({ framing: 2 });
  const blob = 'x'.repeat(3 << 20);
  sender.send({ type: 'unicast', targetId: receiver.id, payload: { blob } }, { type: 'broadcast', payload: { n: 1 } });
  const [large, small] = receiver.received();
  assert.deepEqual(large?.payload, { blob });
  assert.equal(small?.type, 'broadcast');
});

test('cluster: the node of the sender enforces its role for receivers of all nodes', () => {
  const { nodes } = new ClusterHarness(2);
  const [a, b] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  const far = b.join({ groups: ['room.1', 'lobby'] });
  const messages = {
    send: { type: 'unicast', targetId: far.id, payload: { messageId: 'm' } },
    request: { type: 'request', targetId: far.id, payload: { requestId: 'q' } },
    'multicast:lobby': { type: 'multicast', groupName: 'lobby', payload: { messageId: 'm' } },
    broadcast: { type: 'broadcast', payload: { messageId: 'm' } },
  };
  const sender = a.join({ identity: { principal: 'p', name: 'p', rights: new RoleRights('r', ['multicast:room.*']) } });
  for (const [permission, message] of Object.entries(messages)) {
    sender.send(message);
    const [refusal] = sender.received();
    assert.equal(refusal?.errorMessage, `Not allowed: ${permission}`);
    assert.deepEqual(far.received(), [], permission);
  }
  sender.send({ type: 'multicast', groupName: 'room.1' });
  assert.equal(far.received()[0]?.senderId, sender.id);
  const allowed = a.join({ identity: { principal: 'q', name: 'q', rights: new RoleRights('r', ['*']) } });
  for (const [permission, message] of Object.entries(messages)) {
    allowed.send(message);
    assert.equal(far.received()[0]?.senderId, allowed.id, permission);
  }
  assert.deepEqual([a.dropped(), b.dropped()], [{ forbidden: 4 }, {}]);
});
