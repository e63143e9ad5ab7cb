import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { asMap, type CborMap, type Encodable } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { WsClient } from '../support/ws-client.ts';
import { IS_GRPC_JS } from './healthy-pair.ts';

const UNAUTHENTICATED = 16;
const PERMISSION_DENIED = 7;
const PERMISSIONS = [
  'list',
  'events',
  'send',
  'request',
  'respond',
  'multicast:room.*',
  'join:room.*',
  'broadcast',
  'metadata',
] as const;

const tokenOf = (name: string): string => `token-of-${name.replaceAll(/\W/g, '-')}-0123456789`;
const bearer = (name: string): { readonly authorization: string } => ({ authorization: `Bearer ${tokenOf(name)}` });

/** An access file with a role and a token for each permission; `without:X` has all but X. */
function accessFile(): string {
  const roles: Record<string, readonly string[]> = { all: ['*'], none: [] };
  for (const permission of PERMISSIONS) {
    roles[permission] = [permission];
    roles[`without:${permission}`] = PERMISSIONS.filter((other) => other !== permission);
  }
  const tokens = Object.keys(roles).map((name) => ({
    name: name.replaceAll(/[:*]/g, '_'),
    role: name,
    sha256: createHash('sha256').update(tokenOf(name)).digest('hex'),
  }));
  const all = Object.fromEntries(Object.entries(roles).map(([name, allow]) => [name, { allow }]));
  return JSON.stringify({ roles: all, tokens });
}

/** A client over any transport. */
interface AnyClient extends Disposable {
  readonly id: string;
  send(message: Encodable): void;
  next(): Promise<CborMap>;
  /** Status code of a call of `method`; 0 for an open stream. */
  status(method: 'getOnlineClients' | 'events'): Promise<number | null>;
}

async function dart(port: number, framing: 1 | 2, role: string, request: CborMap): Promise<AnyClient> {
  const client = await DartClient.join(port, request, { framing, headers: bearer(role) });
  return {
    get id() {
      return client.id;
    },
    send: (message) => client.send(message),
    next: async () => (await client.next()).message,
    status: async (method) => {
      if (method !== 'events') return (await client.unary(method, {})).end.status;
      const events = client.events();
      return await Promise.race([
        events.next(({ type }) => type === 'routerStats').then(() => 0),
        events.whenEnded.then(({ status }) => status),
      ]);
    },
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}

async function websocket(port: number, role: string, request: CborMap): Promise<AnyClient> {
  const client = await WsClient.join(port, request, { headers: bearer(role) });
  return {
    get id() {
      return client.id;
    },
    send: (message) => client.send(message),
    next: async () => await client.next(),
    status: async (method) => {
      const call = client.open(method);
      call.send({ v: null }, true);
      return await Promise.race([
        call.next().then(() => 0),
        call.trailers().then((trailers) => Number(trailers['grpc-status'])),
      ]);
    },
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}

type Connect = (port: number, role: string, request?: CborMap) => Promise<AnyClient>;
const WEBSOCKET: readonly [string, Connect] = [
  'WebSocket',
  (port, role, request = {}) => websocket(port, role, request),
];
const TRANSPORTS: readonly (readonly [string, Connect])[] = [
  ['HTTP/2, single framing', (port, role, request = {}) => dart(port, 1, role, request)],
  ['HTTP/2, double framing', (port, role, request = {}) => dart(port, 2, role, request)],
  // the grpc-js transport serves HTTP/2 alone
  ...(IS_GRPC_JS ? [] : [WEBSOCKET]),
];

/** Each operation on the p2p stream, and its permission as the refusal names it. */
const operations = (peerId: string): Readonly<Record<string, readonly [missing: string, message: CborMap]>> => ({
  send: ['send', { type: 'unicast', targetId: peerId, payload: { messageId: 'm' } }],
  request: ['request', { type: 'request', targetId: peerId, payload: { requestId: 'q', messageId: 'm' } }],
  respond: ['respond', { type: 'response', targetId: peerId, payload: { requestId: 'q', messageId: 'm' } }],
  'multicast:room.*': ['multicast:room.1', { type: 'multicast', groupName: 'room.1', payload: { messageId: 'm' } }],
  'join:room.*': ['join:room.1', { type: 'updateGroups', payload: { join: ['room.1'], messageId: 'm' } }],
  broadcast: ['broadcast', { type: 'broadcast', payload: { messageId: 'm' } }],
  metadata: ['metadata', { type: 'updateMetadata', payload: { metadata: { a: 1 }, messageId: 'm' } }],
});

describe('every permission, allowed and refused', () => {
  const folder = new TempFolder();
  let router: RouterProcess;
  before(async () => {
    const args = ['--access-file', folder.write('access.yaml', accessFile()), '--metrics', '--metrics-port', '0'];
    router = await RouterProcess.start(args, { folder });
  });
  after(async () => {
    await router[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  for (const [transport, connect] of TRANSPORTS) {
    test(`${transport}: the p2p stream`, async () => {
      using peer = await connect(router.port, 'all', { groups: ['room.1'] });
      for (const [permission, [missing, message]] of Object.entries(operations(peer.id))) {
        using refused = await connect(router.port, `without:${permission}`);
        refused.send(message);
        const { type, errorMessage, payload, success } = await refused.next();
        const isRequest = permission === 'request';
        assert.deepEqual([type, success], isRequest ? ['response', false] : ['error', undefined], permission);
        assert.equal(errorMessage, `Not allowed: ${missing}`);
        const { code, permission: named, messageId, requestId } = asMap(payload ?? null);
        assert.deepEqual([code, named], ['forbidden', missing]);
        assert.deepEqual([messageId, requestId], isRequest ? [undefined, 'q'] : ['m', undefined]);
        using allowed = await connect(router.port, permission);
        allowed.send(message);
        // an unknown type is answered after everything that precedes it
        allowed.send({ type: 'probe' });
        const answer = await allowed.next();
        assert.equal(asMap(answer.payload ?? null).code, 'malformed', `${permission}: ${JSON.stringify(answer)}`);
        // nothing that was refused has reached the peer: the first message from it would come before this one
        if (['send', 'request', 'multicast:room.*', 'broadcast'].includes(permission)) {
          assert.equal((await peer.next()).senderId, allowed.id, permission);
        }
      }
    });

    test(`${transport}: list and events`, async () => {
      for (const [permission, method] of [
        ['list', 'getOnlineClients'],
        ['events', 'events'],
      ] as const) {
        using allowed = await connect(router.port, permission);
        assert.equal(await allowed.status(method), 0, permission);
        using refused = await connect(router.port, `without:${permission}`);
        assert.equal(await refused.status(method), PERMISSION_DENIED, permission);
      }
    });

    test(`${transport}: groups of a registration`, async () => {
      using member = await connect(router.port, 'join:room.*', { groups: ['room.7'] });
      assert.notEqual(member.id, '');
      for (const group of ['room.7.8', 'room', 'Room.7', 'xroom.7', '']) {
        const groups = ['room.1', group];
        await assert.rejects(connect(router.port, 'join:room.*', { groups }), {
          message: `Not allowed: join:${group}`,
        });
      }
      await assert.rejects(connect(router.port, 'none', { groups: ['room.1'] }), /^Error: Not allowed: join:room\.1$/);
    });

    test(`${transport}: one group that is not allowed refuses the whole updateGroups, leaving needs nothing`, async () => {
      using client = await connect(router.port, 'without:list', { groups: ['room.2'] });
      client.send({ type: 'updateGroups', payload: { join: ['room.3', 'lobby'], leave: ['room.2'] } });
      assert.equal((await client.next()).errorMessage, 'Not allowed: join:lobby');
      client.send({ type: 'updateGroups', payload: { leave: ['room.2'] } });
      client.send({ type: 'probe' });
      assert.equal(asMap((await client.next()).payload ?? null).code, 'malformed');
      using all = await DartClient.connect(router.port, { headers: bearer('all') });
      const listed = (await all.getOnlineClients()).find(({ clientId }) => clientId === client.id);
      assert.deepEqual(listed?.groups, []);
    });
  }

  test('refusals are counted by permission and logged once per client', async () => {
    const metric = async (name: string): Promise<number> => {
      const line = new RegExp(`^rpc_router_forbidden_total\\{permission="${name}"\\} (\\d+)$`, 'm');
      return Number(line.exec(await router.get('/metrics'))?.[1]);
    };
    const before = await metric('broadcast');
    using client = await DartClient.join(router.port, {}, { headers: bearer('none') });
    for (let i = 0; i < 3; i++) client.send({ type: 'broadcast' });
    for (let i = 0; i < 3; i++) assert.equal((await client.next()).message.type, 'error');
    assert.equal(await metric('broadcast'), before + 3);
    assert.ok(((await router.status()).messages.dropped.forbidden ?? 0) >= 3);
    const lines = router.log.split('\n').filter((line) => line.includes('refused') && line.includes(client.id));
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /Operation refused .*permission=broadcast name=none role=none/);
  });

  test('a session token does not carry the role of another token', async () => {
    const session = async (role: string, request: CborMap): Promise<CborMap> => {
      using client = await DartClient.connect(router.port, { headers: bearer(role) });
      return asMap((await client.call('register', request)).session ?? null);
    };
    const { token = null } = await session('all', { session: {} });
    assert.equal((await session('none', { session: { token, received: 0 } })).resumed, false);
    using thief = await DartClient.connect(router.port, { headers: bearer('none') });
    const stream = thief.openP2p();
    stream.send({ type: 'heartbeat', payload: { session: token } });
    assert.equal(asMap((await stream.next()).message.payload ?? null).code, 'missing-field');
    assert.equal((await session('all', { session: { token, received: 0 } })).resumed, true);
  });
});

test('a reload changes roles of connected clients as a whole: groups, events and rights', async () => {
  using folder = new TempFolder();
  const write = (allow: string): string =>
    folder.write(
      'access.yaml',
      `roles: { r: { allow: [${allow}] } }\ntokens: [{ name: a, role: r, token: ${tokenOf('a')} }]\n`,
    );
  const file = write("events, broadcast, 'join:**'");
  await using router = await RouterProcess.start(['--access-file', file], { folder });
  using client = await DartClient.join(router.port, { groups: ['room.1', 'lobby'] }, { headers: bearer('a') });
  const events = client.events();
  await events.next(({ type }) => type === 'routerStats');
  write("events, broadcast, 'joyn:**'");
  assert.match((await router.reload()).errors.join(), /access\.yaml:1: unknown permission joyn; did you mean join\?/);
  write("'join:room.*', list");
  const { outcome, changes } = await router.reload();
  assert.deepEqual([outcome, changes.map(({ key }) => key)], ['applied', ['access-file']]);
  assert.equal((await events.whenEnded).status, PERMISSION_DENIED);
  client.send({ type: 'broadcast' });
  assert.equal((await client.next()).message.errorMessage, 'Not allowed: broadcast');
  assert.deepEqual((await client.getOnlineClients())[0]?.groups, ['room.1']);
  folder.write('access.yaml', `roles: { r: { allow: [] } }\ntokens: [{ name: b, role: r, token: ${tokenOf('a')} }]\n`);
  await router.reload();
  await client.connection.whenClosed;
});

test('at its expiry a token ends streams with UNAUTHENTICATED, then its connection', async () => {
  using folder = new TempFolder();
  const write = (expires: string): string =>
    folder.write(
      'access.yaml',
      `roles: { r: { allow: ['*'] } }
tokens:
  - { name: short, role: r, token: ${tokenOf('short')}, expires: ${expires} }
  - { name: long, role: r, token: ${tokenOf('long')}, expires: 2099-01-01 }
  - { name: past, role: r, token: ${tokenOf('past')}, expires: 2020-01-01 }
`,
    );
  const file = write('2099-01-01');
  await using router = await RouterProcess.start(['--access-file', file], { folder });
  using past = await DartClient.connect(router.port, { headers: bearer('past') });
  const { end } = await past.unary('ping', { v: 1 });
  assert.deepEqual([end.status, end.message], [UNAUTHENTICATED, 'Token expired: a valid token is required']);
  assert.match((await past.tryRegister({})).errorMessage ?? '', /the token has expired/);
  using short = await DartClient.join(router.port, {}, { headers: bearer('short') });
  using web = IS_GRPC_JS ? null : await WsClient.join(router.port, {}, { headers: bearer('short') });
  using long = await DartClient.join(router.port, {}, { headers: bearer('long') });
  const inASecond = new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000).toISOString().replace('.000', '');
  write(inASecond);
  assert.equal((await router.reload()).outcome, 'applied');
  assert.equal((await short.p2p.whenEnded).status, UNAUTHENTICATED);
  await short.connection.whenClosed;
  if (web !== null) assert.deepEqual(await web.untilClosed(), { code: 1008, reason: 'Token expired' });
  await long.ping();
  const { clients, recentlyClosed } = await router.status();
  assert.equal(clients.current, 1);
  assert.deepEqual(
    recentlyClosed.map(({ reason }) => reason),
    web === null ? ['tokenExpired'] : ['tokenExpired', 'tokenExpired'],
  );
});

test('protection is not turned off by a reload, but one file may replace the other', async () => {
  using folder = new TempFolder();
  const access = folder.write('access.yaml', accessFile());
  const tokens = folder.write('tokens', `alice: ${tokenOf('alice')}\n`);
  const config = folder.write('router.yaml', `access-file: ${access}\n`);
  await using router = await RouterProcess.start(['--config', config], { folder });
  folder.write('router.yaml', '{}\n');
  assert.match((await router.reload()).errors.join(), /^access-file: cannot change without a restart \(.* -> none\)$/);
  folder.write('router.yaml', `auth-tokens-file: ${tokens}\n`);
  assert.deepEqual((await router.reload()).errors, []);
  using alice = await DartClient.connect(router.port, { headers: bearer('alice') });
  await alice.ping();
  using all = await DartClient.connect(router.port, { headers: bearer('all') });
  assert.equal((await all.unary('ping', { v: 1 })).end.status, UNAUTHENTICATED);
  folder.write('router.yaml', `access-file: ${access}\n`);
  assert.deepEqual((await router.reload()).errors, []);
  await alice.connection.whenClosed;
});

test('an access file that others can read is refused at the start', async () => {
  using folder = new TempFolder();
  const file = folder.write('access.yaml', accessFile(), 0o644);
  await using router = await RouterProcess.startFailing(['--access-file', file]);
  assert.match(router.log, /access\.yaml: readable by others \(mode 644\); run: chmod 640/);
});
