import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Stream, connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { after, test } from 'node:test';
import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status as Status,
  type StatusObject,
} from '@grpc/grpc-js';
import { asMap, type CborMap, decodeCborMap, type Encodable, encodeCbor } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import { prefix } from '../support/framing.ts';
import { PATIENCE_MS, within } from '../support/poll.ts';
import { useRouter } from '../support/using-router.ts';
import { IS_GRPC_JS } from './healthy-pair.ts';

const opened: Client[] = [];
// before the hook of the router, which waits until no client is connected
after(() => {
  for (const client of opened) client.close();
});
const router = useRouter();

/** A standard gRPC client, with single framing. */
function grpcClient(): Client {
  const client = new Client(`127.0.0.1:${router.port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  opened.push(client);
  return client;
}

const identity = (bytes: Buffer): Buffer => bytes;
const write = (value: Encodable): Buffer => (Buffer.isBuffer(value) ? value : encodeCbor(value));

interface UnaryResult {
  readonly reply: CborMap | null;
  readonly error: ServiceError | null;
  readonly metadata: Metadata | null;
  readonly status: StatusObject;
}

function unary(client: Client, path: string, request: Encodable, metadata = new Metadata()): Promise<UnaryResult> {
  return new Promise((resolve) => {
    const result: { reply: CborMap | null; error: ServiceError | null; metadata: Metadata | null } = {
      reply: null,
      error: null,
      metadata: null,
    };
    const call = client.makeUnaryRequest(path, write, identity, request, metadata, (error, bytes) => {
      result.error = error;
      if (bytes !== undefined) result.reply = decodeCborMap(bytes);
    });
    call.on('metadata', (received: Metadata) => {
      result.metadata = received;
    });
    call.on('status', (status: StatusObject) => setImmediate(() => resolve({ ...result, status })));
  });
}

async function register(client: Client, request: Encodable = {}): Promise<string> {
  const { reply, error } = await unary(client, '/router/register', request);
  assert.equal(error, null);
  assert.equal(reply?.success, true);
  return String(reply.clientId);
}

async function nextMessage(
  stream: ClientReadableStream<Buffer> | ClientDuplexStream<Encodable, Buffer>,
): Promise<CborMap> {
  const [bytes] = (await within(once(stream, 'data'), PATIENCE_MS, 'a message')) as [Buffer];
  return decodeCborMap(bytes);
}

/** The final status of a stream; an error has a status as well. */
function endOf(stream: ClientDuplexStream<Encodable, Buffer>): Promise<StatusObject> {
  return within(new Promise((resolve) => stream.once('status', resolve)), PATIENCE_MS, 'the end');
}

async function bind(client: Client, senderId: string): Promise<ClientDuplexStream<Encodable, Buffer>> {
  const stream = client.makeBidiStreamRequest('/router/p2p', write, identity);
  stream.on('error', () => {});
  stream.write({ type: 'heartbeat', senderId });
  assert.equal((await nextMessage(stream)).success, true);
  return stream;
}

test('a standard gRPC client: uses all five methods and reaches Dart clients', async () => {
  const client = grpcClient();
  const id = await register(client, { clientName: 'grpc-js', groups: ['g'], metadata: { a: 1 } });
  const ping = await unary(client, '/router/ping', { v: 42 });
  assert.equal(ping.reply?.timestamp, 42);
  assert.equal(ping.status.code, Status.OK);

  const events = client.makeServerStreamRequest('/router/events', write, identity, { v: null });
  events.on('error', () => {});
  assert.equal((await nextMessage(events)).type, 'routerStats');

  const stream = await bind(client, id);
  const connected = nextMessage(events);
  const dart = await router.join({ clientName: 'dart' });
  assert.equal((await connected).type, 'clientConnected');
  const { reply } = await unary(client, '/router/getOnlineClients', { groups: ['g'] });
  assert.ok(reply !== null);
  assert.deepEqual(
    (reply.clients as CborMap[]).map(({ clientId }) => clientId),
    [id],
  );

  dart.unicast(id, { from: 'dart' });
  assert.deepEqual((await nextMessage(stream)).payload, { from: 'dart' });
  stream.write({ type: 'unicast', targetId: dart.id, payload: { from: 'grpc-js' } });
  const { message } = await dart.p2p.ofType('unicast');
  assert.deepEqual([message.senderId, asMap(message.payload).from], [id, 'grpc-js']);

  stream.end();
  const end = await endOf(stream);
  assert.equal(end.code, Status.OK);
  events.cancel();
});

test('deadlines and cancellation: leave no state', async () => {
  const client = grpcClient();
  const id = await register(client);
  const stream = client.makeBidiStreamRequest('/router/p2p', write, identity, new Metadata(), {
    deadline: Date.now() + 200,
  });
  stream.on('error', () => {});
  stream.write({ type: 'heartbeat', senderId: id });
  const end = await endOf(stream);
  assert.equal(end.code, Status.DEADLINE_EXCEEDED);
  const again = await bind(client, id);
  again.cancel();
  const third = await bind(client, id);
  third.end();
});

test('unknown paths: UNIMPLEMENTED', async () => {
  const client = grpcClient();
  for (const path of ['/router/unknown', '/router/', '/router/Ping', '/other.Service/ping', '/router/ping/x', '/']) {
    assert.equal((await unary(client, path, {})).status.code, Status.UNIMPLEMENTED, path);
  }
});

const INVALID: readonly (readonly [string, string, Encodable])[] = [
  ['ping', 'no map', Buffer.from('8101', 'hex')],
  ['ping', 'nothing', Buffer.alloc(0)],
  ['ping', 'no v', {}],
  ['ping', 'a text as v', { v: 'x' }],
  ['ping', 'bytes behind the map', Buffer.from('a1617601ff', 'hex')],
  ['register', 'a number as name', { clientName: 1 }],
  ['register', 'a text as groups', { groups: 'g' }],
  ['register', 'numbers as groups', { groups: [1] }],
  ['register', 'a list as metadata', { metadata: [] }],
  ['register', 'a cut map', Buffer.from('a2', 'hex')],
  ['getOnlineClients', 'a text as groups', { groups: 'g' }],
  ['getOnlineClients', 'a text as metadata', { metadata: 'm' }],
  ['getOnlineClients', 'integer keys', Buffer.from('a10102', 'hex')],
];

for (const [method, name, request] of INVALID) {
  test(`${method} with ${name}: INVALID_ARGUMENT with a reason`, async () => {
    const { status, reply } = await unary(grpcClientShared(), `/router/${method}`, request);
    assert.equal(status.code, Status.INVALID_ARGUMENT);
    assert.ok(status.details.length > 5, status.details);
    assert.equal(reply, null);
  });
}

let shared: Client | null = null;
function grpcClientShared(): Client {
  shared ??= grpcClient();
  return shared;
}

for (const [name, bytes] of [
  ['no message', Buffer.alloc(0)],
  ['half a prefix', Buffer.from('0000', 'hex')],
  ['a message that is cut off', Buffer.from('0000000009a161', 'hex')],
  ['two messages', Buffer.concat([prefix(encodeCbor({ v: 1 })), prefix(encodeCbor({ v: 2 }))])],
] as const) {
  test(`a unary call with ${name}: INVALID_ARGUMENT`, async () => {
    const client = await router.connect({ framing: 1 });
    const { end, body } = await client.unaryBytes('ping', bytes);
    assert.deepEqual([end.status, body], [Status.INVALID_ARGUMENT, null]);
    assert.equal((await client.ping(1)).timestamp, 1, 'the connection goes on');
  });
}

test('the compressed flag on a p2p stream: ends that stream with a status', { skip: IS_GRPC_JS }, async () => {
  const client = await router.join({}, { framing: 1 });
  client.p2p.sendBytes(prefix(encodeCbor({ type: 'broadcast' }), 1));
  const end = await within(client.p2p.whenEnded, PATIENCE_MS, 'the end');
  assert.equal(end.status, Status.INTERNAL); // required by the gRPC specification without an agreed encoding
  assert.match(end.message, /[Cc]ompress/);
  await client.bind();
  assert.equal(await client.canReach(client.id), true);
});

test('a response seen by node:http2: has the headers that a Dart client expects', async () => {
  const session = connectHttp2(`http://127.0.0.1:${router.port}`);
  const call = (path: string, body: Buffer): ClientHttp2Stream => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.end(body);
    return stream.resume();
  };
  const answered = call('/router/ping', prefix(encodeCbor({ v: 1 })));
  const ended = once(answered, 'close');
  const trailing = once(answered, 'trailers');
  const [headers] = (await once(answered, 'response')) as [IncomingHttpHeaders];
  assert.deepEqual([headers[':status'], headers['content-type']], [200, 'application/grpc']);
  const [trailers] = (await trailing) as [IncomingHttpHeaders];
  assert.equal(trailers['grpc-status'], '0');
  await ended;

  const failed = call('/router/ping', prefix(encodeCbor({ v: 'x' })));
  const failedTrailers = once(failed, 'trailers');
  const [first] = (await once(failed, 'response')) as [IncomingHttpHeaders];
  assert.deepEqual([first[':status'], first['content-type']], [200, 'application/grpc']);
  assert.equal(first['grpc-status'], undefined, 'a Dart client reads the status only from trailers');
  const [status] = (await failedTrailers) as [IncomingHttpHeaders];
  assert.equal(status['grpc-status'], '3');
  assert.ok(status['grpc-message']);
  session.close();
});

test('every refusal: the status is in trailers that end the stream', async () => {
  const client = await DartClient.connect(router.port);
  for (const method of ['ping', 'register', 'getOnlineClients', 'nothing']) {
    const { end, headers } = await client.unaryBytes(method, prefix(Buffer.from('ff', 'hex')), {}, 1);
    assert.notEqual(end.status, null, `${method}: no status in trailers`);
    assert.notEqual(end.status, 0);
    assert.match(headers['content-type'] ?? '', /^application\/grpc/);
  }
  client.connection.destroy();
});
