import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMap, type CborMap, Double, decodeCborMap, encodeCbor, rawValue } from '../support/cbor.ts';
import type { DartClient } from '../support/dart-client.ts';
import type { ClientFraming } from '../support/framing.ts';
import type { Received } from '../support/message-stream.ts';
import { useRouter } from '../support/using-router.ts';
import { VECTOR_SENDER, VECTOR_TARGET, VECTORS, vector, vectorFor } from '../support/vectors.ts';

const router = useRouter();
const RECORDED_AT = 1749925815123;
const FRAMINGS: readonly ClientFraming[] = [1, 2];

/** What was received, with the moments of now replaced by the recorded ones. */
function withRecordedTime(message: CborMap, recorded: CborMap): CborMap {
  const replaced: CborMap = {};
  for (const [key, value] of Object.entries(message)) {
    if (/timestamp/i.test(key)) {
      assert.equal(typeof value, 'number', `${key} is an integer`);
      replaced[key] = recorded[key] ?? null;
    } else if (key === 'payload') {
      replaced[key] = withRecordedTime(asMap(value), asMap(recorded[key]));
    } else replaced[key] = value;
  }
  return replaced;
}

/** Asserts that `body` is the recorded message except for the time, in the encoding of Dart. */
function assertRecorded(body: Buffer, name: string, sender: string, target: string): void {
  const recorded = vectorFor(name, sender, target);
  const message = decodeCborMap(body);
  assert.equal(
    encodeCbor(message).toString('hex'),
    body.toString('hex'),
    'keys sorted, integers as short as they can be',
  );
  assert.equal(
    encodeCbor(withRecordedTime(message, decodeCborMap(recorded))).toString('hex'),
    recorded.toString('hex'),
    name,
  );
}

async function pair(framing: ClientFraming): Promise<[DartClient, DartClient]> {
  const groups = ['developers'];
  return [await router.join({ groups }, { framing }), await router.join({ groups }, { framing })];
}

/** Sends a recorded message from one client and returns it as the other received it. */
async function pass(name: string, framing: ClientFraming): Promise<{ sent: Buffer; got: Received; from: string }> {
  const [from, to] = await pair(framing);
  const sent = vectorFor(name, from.id, to.id);
  from.send(sent);
  const got = await to.next();
  from.connection.destroy();
  to.connection.destroy();
  return { sent, got, from: from.id };
}

test('ids of the router: as long as the recorded ones', async () => {
  using client = await router.connect();
  assert.equal((await client.register()).length, VECTOR_SENDER.length);
  assert.equal(VECTOR_TARGET.length, VECTOR_SENDER.length);
});

for (const framing of FRAMINGS) {
  const framed = (name: string) => {
    const found = VECTORS.messages.find((message) => message.name === name);
    return Buffer.from((framing === 1 ? found?.framed_once : found?.framed_twice) ?? '', 'hex');
  };

  test(`framed ${framing}x: register`, async () => {
    using client = await router.connect({ framing });
    const { body, end } = await client.unaryBytes('register', framed('register'));
    assert.equal(end.status, 0);
    const id = String(decodeCborMap(body as Buffer).clientId);
    assertRecorded(body as Buffer, 'register-response', id, VECTOR_TARGET);
    const info = (await client.getOnlineClients()).find(({ clientId }) => clientId === id);
    assert.equal(info?.clientName, 'alice');
    assert.deepEqual(info?.groups, ['developers', 'testers']);
    assert.deepEqual(info?.metadata, { app: 'chat', version: new Double(1) });
  });

  test(`framed ${framing}x: register-empty`, async () => {
    using client = await router.connect({ framing });
    const { body } = await client.unaryBytes('register', framed('register-empty'));
    const id = decodeCborMap(body as Buffer).clientId;
    const info = (await client.getOnlineClients()).find(({ clientId }) => clientId === id);
    assert.deepEqual([info?.clientName, info?.groups, info?.metadata], [null, [], {}]);
  });

  test(`framed ${framing}x: ping and pong`, async () => {
    using client = await router.connect({ framing });
    const { body } = await client.unaryBytes('ping', framed('ping'));
    assert.equal(decodeCborMap(body as Buffer).timestamp, RECORDED_AT);
    assertRecorded(body as Buffer, 'pong', VECTOR_SENDER, VECTOR_TARGET);
  });

  test(`framed ${framing}x: events-subscribe and router-stats-event`, async () => {
    using client = await router.connect({ framing });
    const { message, body } = await client.events().next();
    assert.equal(encodeCbor(message).toString('hex'), body.toString('hex'));
    const recorded = decodeCborMap(vector('router-stats-event'));
    assert.deepEqual(Object.keys(message), Object.keys(recorded));
    assert.deepEqual(Object.keys(asMap(message.data)), Object.keys(asMap(recorded.data)));
  });

  test(`framed ${framing}x: heartbeat and connected`, async () => {
    using client = await router.connect({ framing });
    await client.register();
    client.openP2p().send(vectorFor('heartbeat', client.id, ''));
    const { body } = await client.next();
    assertRecorded(body, 'connected', client.id, '');
  });

  for (const name of ['unicast-odd-payload', 'multicast', 'broadcast', 'request']) {
    test(`framed ${framing}x: ${name} is forwarded byte for byte`, async () => {
      const { sent, got } = await pass(name, framing);
      assert.equal(got.body.toString('hex'), sent.toString('hex'));
    });
  }

  for (const name of ['unicast-unsorted-keys', 'unicast-indefinite-map']) {
    test(`framed ${framing}x: ${name} gets a senderId, the rest is unchanged`, async () => {
      const { sent, got, from } = await pass(name, framing);
      assert.equal(got.message.senderId, from);
      assert.deepEqual({ ...got.message, senderId: undefined }, { ...decodeCborMap(sent), senderId: undefined });
      assert.deepEqual(rawValue(got.body, 'payload'), rawValue(sent, 'payload'));
    });
  }

  test(`framed ${framing}x: response answers the recorded request`, async () => {
    const [asking, asked] = await pair(framing);
    asking.send(vectorFor('request', asking.id, asked.id));
    await asked.p2p.ofType('request');
    // in this vector the recorded target is the responder
    const answer = vectorFor('response', asking.id, asked.id);
    asked.send(answer);
    assert.equal((await asking.p2p.ofType('response')).body.toString('hex'), answer.toString('hex'));
    asking.connection.destroy();
    asked.connection.destroy();
  });

  test(`framed ${framing}x: update-metadata`, async () => {
    using client = await router.join({ metadata: { old: 1 } }, { framing });
    client.send(vectorFor('update-metadata', client.id, ''));
    client.unicast(client.id, {});
    await client.p2p.ofType('unicast');
    const info = (await client.getOnlineClients()).find(({ clientId }) => clientId === client.id);
    assert.deepEqual(info?.metadata, { load: new Double(0.5), status: 'away' });
  });

  test(`framed ${framing}x: error-not-found`, async () => {
    using client = await router.join({}, { framing });
    client.send(vectorFor('unicast-odd-payload', client.id, VECTOR_TARGET));
    const { body, message } = await client.next();
    assert.equal(message.targetId, client.id);
    assert.equal(message.errorMessage, `Клиент ${VECTOR_TARGET} не найден или отключен`);
    // the recorded text contains the id of the target; targetId is the sender
    const recorded = decodeCborMap(vector('error-not-found'));
    const expected = { ...recorded, targetId: client.id, payload: { code: 'not-found' } };
    assert.deepEqual(withRecordedTime(message, expected), expected, 'the code is an addition to the recorded message');
    assert.equal(encodeCbor(message).toString('hex'), body.toString('hex'));
  });
}
