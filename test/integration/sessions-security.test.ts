import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { RouterProcess } from '../support/router-process.ts';
import { joinSession, registerSession } from '../support/session-client.ts';
import { TempFolder } from '../support/temp.ts';

const ALICE = 'alice-secret-4711';
const BOB = 'bob-secret-0815';
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test('--session-key-file: an id survives a restart, the session does not', async () => {
  using folder = new TempFolder();
  const args = ['--session-key-file', folder.write('session.key', 'k'.repeat(32))];
  const first = await RouterProcess.start(args);
  const { client, grant } = await joinSession(first.port);
  await first.stop();
  client.connection.destroy();
  await using second = await RouterProcess.start(args);
  using returned = await DartClient.connect(second.port);
  const { id, grant: next } = await registerSession(returned, { token: grant.token, received: 3 });
  assert.deepEqual([id, next.resumed, next.received, next.lost], [client.id, false, 0, 0]);
  using thief = await DartClient.connect(second.port);
  const stolen = await registerSession(thief, { token: grant.token, received: 0 });
  assert.deepEqual(
    [stolen.grant.resumed, stolen.id === client.id],
    [false, false],
    'the old token names no session now',
  );
});

test('--session-key-file: after a restart, an id is granted to its own role only', async () => {
  using folder = new TempFolder();
  const access = {
    roles: { device: { allow: ['*'] } },
    tokens: [
      { name: 'alice', role: 'device', token: ALICE },
      { name: 'bob', role: 'device', token: BOB },
    ],
  };
  const keyFile = folder.write('session.key', 'k'.repeat(32));
  const accessFile = folder.write('access.yaml', JSON.stringify(access), 0o600);
  const args = ['--session-key-file', keyFile, '--access-file', accessFile];
  const first = await RouterProcess.start(args);
  const { client, grant } = await joinSession(first.port, {}, bearer(ALICE));
  await first.stop();
  client.connection.destroy();
  await using second = await RouterProcess.start(args);
  for (const [token, isSame] of [
    [BOB, false],
    [ALICE, true],
  ] as const) {
    using returned = await DartClient.connect(second.port, bearer(token));
    const { id } = await registerSession(returned, { token: grant.token, received: 0 });
    assert.equal(id === client.id, isSame);
  }
});

test('tokens: a resume needs a valid token; revocation ends sessions that are away; no token is logged', async () => {
  using folder = new TempFolder();
  const tokens = folder.write('tokens', `alice: ${ALICE}\nbob: ${BOB}\n`);
  await using router = await RouterProcess.start(['--auth-tokens-file', tokens, '--log-level', 'debug'], { folder });
  using watcher = await DartClient.join(router.port, {}, bearer(BOB));
  const events = watcher.events();
  const away = await joinSession(router.port, {}, bearer(ALICE));
  away.client.reset();
  await router.until('one away', ({ sessions }) => sessions.away === 1);
  using unproven = await DartClient.connect(router.port);
  const refused = await unproven.call('register', { session: { token: away.grant.token, received: 0 } });
  assert.deepEqual([refused.success, refused.session], [false, undefined]);
  folder.write('tokens', `bob: ${BOB}\n`);
  await router.reload();
  const { message } = await events.next(({ type }) => type === 'clientDisconnected');
  assert.deepEqual(message.data, { clientId: away.client.id, reason: 'Token revoked' });
  const { sessions } = await router.status();
  assert.deepEqual([sessions.current, sessions.away], [0, 0]);
  assert.equal(router.log.includes(away.grant.token.slice(20)), false);
});
