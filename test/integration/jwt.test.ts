import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { after, before, test } from 'node:test';
import { exportJWK, SignJWT } from 'jose';
import { DartClient } from '../support/dart-client.ts';
import { PATIENCE_MS, within } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { WsClient } from '../support/ws-client.ts';
import { IS_GRPC_JS } from './healthy-pair.ts';

const UNAUTHENTICATED = 16;
const PERMISSION_DENIED = 7;
const ISSUER = 'https://login.example';
const AUDIENCE = 'router';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsaPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();

const folder = new TempFolder();
const accessFile = folder.file('access.yaml');
let router: RouterProcess;

/** An access file with two issuers: one with a JWKS of three keys, one with a key in PEM. */
async function writeAccessFile(kids: readonly string[] = ['r1', 'e1', 'd1'], role = 'device'): Promise<void> {
  const all = { r1: rsa.publicKey, e1: ec.publicKey, d1: ed.publicKey } as const;
  const keys = await Promise.all(
    kids.map(async (kid) => ({ ...(await exportJWK(all[kid as keyof typeof all])), kid })),
  );
  folder.write('jwks.json', JSON.stringify({ keys }));
  folder.write('pem.pem', rsaPem);
  folder.write(
    'access.yaml',
    `roles:
  ${role}:
    allow: [send, list]
  operator:
    allow: ['*']
jwt:
  - issuer: ${ISSUER}
    audience: ${AUDIENCE}
    algorithms: [RS256, ES256, EdDSA]
    keys-file: jwks.json
    claims: { name: sub, role: router_role }
  - issuer: https://pem.example
    audience: ${AUDIENCE}
    algorithms: [RS256]
    keys-file: pem.pem
`,
    0o600,
  );
}

before(async () => {
  await writeAccessFile();
  router = await RouterProcess.start(['--access-file', accessFile], { folder });
});
after(async () => {
  await router.stop();
  folder.remove();
});

interface JwtOptions {
  readonly key?: KeyObject;
  readonly alg?: string;
  readonly kid?: string | null;
  readonly issuer?: string;
  readonly audience?: string | string[];
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Seconds from now. */
  readonly expires?: number | null;
  readonly notBefore?: number;
}

async function jwt(options: JwtOptions = {}): Promise<string> {
  const { key = rsa.privateKey, alg = 'RS256', kid = 'r1', issuer = ISSUER, audience = AUDIENCE } = options;
  const { claims = {}, expires = 300, notBefore } = options;
  const now = Math.floor(Date.now() / 1000);
  const token = new SignJWT({ sub: 'alice', router_role: 'device', ...claims })
    .setProtectedHeader({ alg, ...(kid === null ? {} : { kid }) })
    .setIssuer(issuer)
    .setAudience(audience);
  if (expires !== null) token.setExpirationTime(now + expires);
  if (notBefore !== undefined) token.setNotBefore(now + notBefore);
  return token.sign(key);
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token with a forged header and signature. */
async function forged(header: object, sign: (signed: string) => string): Promise<string> {
  const [, payload = ''] = (await jwt()).split('.');
  const signed = `${base64(header)}.${payload}`;
  return `${signed}.${sign(signed)}`;
}

async function statusOf(token: string): Promise<number | null> {
  using client = await DartClient.connect(router.port, bearer(token));
  return (await client.unary('getOnlineClients', {})).end.status;
}

test('a valid JWT: every algorithm and way to name the key; the role decides', async () => {
  assert.equal(await statusOf(await jwt()), 0);
  assert.equal(await statusOf(await jwt({ alg: 'ES256', key: ec.privateKey, kid: 'e1' })), 0);
  assert.equal(await statusOf(await jwt({ alg: 'EdDSA', key: ed.privateKey, kid: 'd1' })), 0);
  assert.equal(await statusOf(await jwt({ kid: null })), 0, 'the only key of its type');
  assert.equal(await statusOf(await jwt({ audience: ['other', AUDIENCE] })), 0);
  assert.equal(await statusOf(await jwt({ expires: -10 })), 0, 'within the leeway');
  const pem = { issuer: 'https://pem.example', kid: null, claims: { role: 'operator' } };
  assert.equal(await statusOf(await jwt(pem)), 0, 'a key in PEM, default claims');
  using client = await DartClient.connect(router.port, bearer(await jwt()));
  const { end } = await client.unary('updateMetadata', { clientId: 'x', metadata: {} });
  assert.ok(end.status !== 0);
  const events = client.events();
  assert.equal((await within(events.whenEnded, PATIENCE_MS, 'the refusal')).status, PERMISSION_DENIED);
});

test('hostile tokens: each is refused', async (t) => {
  const hmac = (key: string) => (signed: string) => createHmac('sha256', key).update(signed).digest('base64url');
  const none = { alg: 'none', kid: 'r1' };
  const cases: Readonly<Record<string, string>> = {
    'alg none': await forged(none, () => ''),
    'alg None with the old signature': await forged({ alg: 'None' }, () => 'AAAA'),
    'HS256 with the public key as secret': await forged({ alg: 'HS256', kid: 'r1' }, hmac(rsaPem)),
    'RS256 named, signed by HMAC': await forged({ alg: 'RS256', kid: 'r1' }, hmac(rsaPem)),
    'a key in the header': await forged({ alg: 'RS256', jwk: await exportJWK(stranger.publicKey) }, () => 'AAAA'),
    'a key of a stranger': await jwt({ key: stranger.privateKey }),
    'an algorithm that is not listed': await jwt({ alg: 'PS256' }),
    'another issuer': await jwt({ issuer: 'https://evil.example' }),
    'the issuer of another key': await jwt({ issuer: 'https://pem.example', key: ec.privateKey, alg: 'ES256' }),
    'another audience': await jwt({ audience: 'billing' }),
    expired: await jwt({ expires: -60 }),
    'without an expiry': await jwt({ expires: null }),
    'valid in the future': await jwt({ notBefore: 3600 }),
    'an unknown key': await jwt({ kid: 'other' }),
    'a path as key': await jwt({ kid: '../../../../etc/passwd' }),
    'a URL as key': await jwt({ kid: 'https://evil.example/jwks.json' }),
    'no role': await jwt({ claims: { router_role: undefined } }),
    'an unknown role': await jwt({ claims: { router_role: 'root' } }),
    'a role that is no text': await jwt({ claims: { router_role: ['device'] } }),
    'a role of the prototype': await jwt({ claims: { router_role: '__proto__' } }),
    'a name with a line break': await jwt({ claims: { sub: 'alice\nadmin' } }),
    'a huge name': await jwt({ claims: { sub: 'x'.repeat(200) } }),
    'a huge token': await jwt({ claims: { x: 'x'.repeat(9000) } }),
    'a changed payload': (await jwt()).replace(/\.(.)/, (_, first: string) => `.${first === 'e' ? 'f' : 'e'}`),
    'two dots': '..',
    'no JSON': 'aaaa.bbbb.cccc',
  };
  for (const [name, token] of Object.entries(cases)) {
    await t.test(name, async () => assert.equal(await statusOf(token), UNAUTHENTICATED));
  }
  await router.logged(/Authentication failed .*reason=invalidToken/);
  assert.doesNotMatch(router.log, /eyJ[\w-]+\.eyJ/, 'no token is logged');
});

test('a JWT in the metadata of register, and in a WebSocket handshake; unknown tokens are refused', async () => {
  for (const framing of [1, 2] as const) {
    using client = await DartClient.connect(router.port, { framing });
    await client.register({ metadata: { token: await jwt(), a: 1 } });
    await client.bind();
    const [listed] = await client.getOnlineClients();
    assert.deepEqual(listed?.metadata, { a: 1 }, 'without the token');
    using refused = await DartClient.connect(router.port, { framing });
    const { success, errorMessage } = await refused.tryRegister({ metadata: { token: await jwt({ audience: 'x' }) } });
    assert.deepEqual([success, /valid token/.test(errorMessage ?? '')], [false, true]);
  }
});

test('many calls at once with a new token: all are served, in order', async () => {
  using client = await DartClient.connect(router.port, bearer(await jwt({ claims: { sub: 'bob' } })));
  const answers = await Promise.all(Array.from({ length: 20 }, (_, v) => client.ping(v)));
  assert.deepEqual(
    answers.map(({ timestamp }) => timestamp),
    Array.from({ length: 20 }, (_, v) => v),
  );
  using other = await DartClient.connect(router.port, bearer(await jwt({ claims: { sub: 'carol' } })));
  await other.register({});
  const stream = await other.bind();
  for (let n = 0; n < 50; n++) other.unicast(other.id, { n });
  for (let n = 0; n < 50; n++)
    assert.deepEqual((await stream.next(({ type }) => type === 'unicast')).message.payload, { n });
});

test('an expired JWT ends its streams', { timeout: 60_000 }, async () => {
  // the leeway of 30 s counts
  using client = await DartClient.connect(router.port, bearer(await jwt({ expires: -22, claims: { sub: 'dave' } })));
  await client.register({});
  await client.bind();
  const end = await within(client.p2p.whenEnded, PATIENCE_MS, 'the end of the stream');
  assert.deepEqual([end.status, end.message], [UNAUTHENTICATED, 'Token expired']);
});

test('a newer token of the same name, on any unary call, keeps the connection', { timeout: 60_000 }, async () => {
  const claims = { sub: 'grace' };
  using client = await DartClient.connect(router.port, bearer(await jwt({ expires: -22, claims })));
  await client.register({});
  await client.bind();
  const newer = { authorization: `Bearer ${await jwt({ expires: 300, claims })}` };
  assert.equal((await client.unary('ping', { v: 1 }, newer)).end.status, 0);
  // a stranger's token on the same connection renews nothing
  using other = await DartClient.connect(router.port, bearer(await jwt({ expires: -22, claims: { sub: 'heidi' } })));
  await other.register({});
  await other.bind();
  await other.unary('ping', { v: 1 }, { authorization: `Bearer ${await jwt({ claims: { sub: 'ivan' } })}` });
  const end = await within(other.p2p.whenEnded, PATIENCE_MS, 'the end of the other stream');
  assert.equal(end.message, 'Token expired');
  client.unicast(client.id, { n: 1 });
  await client.next(({ type }) => type === 'unicast');
});

test('a reload: rotated keys keep tokens of keys that remain, removed keys and roles end them', async () => {
  const rsaToken = await jwt({ claims: { sub: 'erin' } });
  using byRsa = await DartClient.join(router.port, {}, bearer(rsaToken));
  using byEc = await DartClient.join(
    router.port,
    {},
    bearer(await jwt({ alg: 'ES256', key: ec.privateKey, kid: 'e1', claims: { sub: 'frank' } })),
  );
  await writeAccessFile(['r1', 'd1']);
  assert.equal((await router.reload()).outcome, 'applied');
  const end = await within(byEc.p2p.whenEnded, PATIENCE_MS, 'the end of the stream');
  assert.ok(end.status !== 0);
  assert.equal((await byRsa.ping(1)).timestamp, 1);
  assert.equal(await statusOf(await jwt({ alg: 'ES256', key: ec.privateKey, kid: 'e1' })), UNAUTHENTICATED);
  await writeAccessFile(['r1', 'e1', 'd1'], 'sensor');
  await router.reload();
  await within(byRsa.p2p.whenEnded, PATIENCE_MS, 'the end without its role');
  await writeAccessFile();
  await router.reload();
  assert.equal(await statusOf(rsaToken), 0, 'valid again');
});

test('WebSocket: a JWT in the handshake', { skip: IS_GRPC_JS }, async () => {
  using client = await WsClient.connect(router.port, {
    socket: { headers: { authorization: `Bearer ${await jwt()}` } },
  });
  await client.register({});
  assert.match(client.id, /^client_/);
});
