import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CborMap } from '../support/cbor.ts';
import { DartClient } from '../support/dart-client.ts';
import { RouterProcess } from '../support/router-process.ts';
import { type CliResult, runCli } from './run-cli.ts';

/** Runs a command on the control socket of `router`. */
function control(router: RouterProcess, ...args: string[]): Promise<CliResult> {
  return runCli(['--control-socket', router.socketPath, ...args]);
}

/** Responds to the next request to `client`. */
async function respond(client: DartClient, fields: CborMap, payload: CborMap = {}): Promise<CborMap> {
  const { message } = await client.next(({ type }) => type === 'request');
  const request = message.payload as CborMap;
  const { requestId = '' } = request;
  const head = { type: 'response', senderId: client.id, targetId: message.senderId ?? '', timestamp: 1 };
  client.send({ ...head, ...fields, payload: { requestId, ...payload } });
  return request;
}

for (const workers of [1, 2]) {
  const args = workers === 1 ? [] : ['--workers', String(workers)];
  const with_ = `${workers} ${workers === 1 ? 'process' : 'workers'}`;

  test(`--clients, --disconnect, --send and --request, ${with_}`, async (t) => {
    await using router = await RouterProcess.start(args);
    assert.deepEqual(await control(router, '--clients'), { code: 0, stdout: 'No clients\n', stderr: '' });
    using alice = await DartClient.join(router.port, { clientName: 'alice\u001b[2J', groups: ['room', 'vip'] });
    using bob = await DartClient.join(router.port, { clientName: 'bob', groups: ['room'], metadata: { v: 1.5, n: 1 } });
    await router.until('both clients are known', ({ clients }) => clients.current === 2);

    await t.test('--clients', async () => {
      const { code, stdout, stderr } = await control(router, '--clients');
      assert.deepEqual([code, stderr], [0, '']);
      const [head, ...lines] = stdout.trimEnd().split('\n');
      assert.match(head ?? '', /^ID +NAME +STATUS +ADDRESS +GROUPS$/);
      assert.deepEqual(lines.map((line) => line.split(/ {2,}/)[0]).sort(), [alice.id, bob.id].sort());
      assert.match(stdout, /alice\?\[2J +online +.* +room, vip/);
      const { stdout: vip } = await control(router, '--clients', '--group', 'vip');
      assert.equal(vip.trimEnd().split('\n').length, 2);
      const { stdout: json } = await control(router, '--clients', '--group', 'room', '--json');
      const listed = JSON.parse(json) as { clientId: string; metadata: unknown }[];
      assert.deepEqual(listed.find(({ clientId }) => clientId === bob.id)?.metadata, { v: 1.5, n: 1 });
    });

    await t.test('--send', async () => {
      const sends = [
        [alice.id, 1],
        ['group:vip', 1],
        ['group:nobody', 0],
        ['all', 2],
      ] as const;
      for (const [target, count] of sends) {
        const { code, stdout, stderr } = await control(router, '--send', target, `{"target": "${target}", "f": 1.0}`);
        assert.deepEqual([code, stderr], [0, '']);
        assert.equal(stdout, `Sent to ${count} ${count === 1 ? 'client' : 'clients'}\n`);
      }
      for (const type of ['unicast', 'multicast', 'broadcast']) await alice.next((message) => message.type === type);
    });

    await t.test('--request', async () => {
      const asked = control(router, '--request', bob.id, '{"question": 1}', '--timeout', '20s');
      const { question } = await respond(bob, { success: true }, { answer: 42 });
      assert.equal(question, 1);
      const { code, stdout, stderr } = await asked;
      assert.deepEqual([code, stderr], [0, '']);
      assert.equal((JSON.parse(stdout) as { answer: number }).answer, 42);
      const refused = control(router, '--request', bob.id, '{}');
      await respond(bob, { success: false, errorMessage: 'busy' });
      assert.deepEqual(await refused, {
        code: 1,
        stdout: '',
        stderr: `Client ${bob.id} refused the request: busy\n`,
      });
      const late = await control(router, '--request', bob.id, '{}', '--timeout', '50ms');
      assert.deepEqual([late.code, late.stderr], [5, `Client ${bob.id} did not respond within 50 ms\n`]);
      const none = await control(router, '--request', 'client_none', '{}');
      assert.deepEqual([none.code, none.stderr], [4, 'There is no client client_none\n']);
    });

    await t.test('--disconnect', async () => {
      const { code, stdout } = await control(router, '--disconnect', bob.id, '--reason', 'maintenance');
      assert.deepEqual([code, stdout], [0, `Disconnected ${bob.id}\n`]);
      const { message } = await bob.next(({ type }) => type === 'error');
      assert.equal(message.errorMessage, 'Disconnected by the operator: maintenance');
      const again = await control(router, '--disconnect', bob.id, '--lang', 'ru');
      assert.deepEqual([again.code, again.stderr], [4, `Клиента ${bob.id} нет\n`]);
    });
  });
}

test('mistakes: each has its message and exit code', async () => {
  await using router = await RouterProcess.start();
  const cases: readonly (readonly [string[], number, RegExp])[] = [
    [['--send', 'all'], 2, /^--send requires a JSON object after its value: --send all/],
    [['--request', 'x', '[1]'], 2, /^\[1\]: not a JSON object; quote it/],
    [['--send', 'all', '{a:1}'], 2, /not a JSON object/],
    [['--send', 'group:', '{}'], 2, /expected a client id, group:NAME or all/],
    [['--send', 'all', '{}', 'more'], 2, /^more: unexpected/],
    [['--clients', 'more'], 2, /^more: unexpected/],
    [['--clients', '--disconnect', 'x'], 2, /--clients, --disconnect: give one command at a time/],
    [['--request', 'x', '{}', '--timeout', '1d'], 2, /--timeout/],
    [['--send', 'all', '{"n": 9223372036854775808}'], 1, /does not fit into 64 bits/],
  ];
  for (const [args, code, message] of cases) {
    const result = await control(router, ...args);
    assert.deepEqual([result.code, result.stdout], [code, ''], `${args.join(' ')}: ${result.stderr}`);
    assert.match(result.stderr, message);
    assert.doesNotMatch(result.stderr, /\n\s+at /);
  }
  const nowhere = await runCli(['--control-socket', `${router.socketPath}.none`, '--clients']);
  assert.equal(nowhere.code, 3);
  assert.match(nowhere.stderr, /^No router responds on .*\nStart it with/);
});
