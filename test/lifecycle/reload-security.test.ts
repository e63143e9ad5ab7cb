import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { test } from 'node:test';
import { TestCa } from '../support/certs.ts';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { SpawnedRouter } from './spawned-router.ts';

/** Tries to register without a token. */
async function strangerComesIn(router: RouterProcess): Promise<boolean> {
  using stranger = await DartClient.connect(router.port);
  return (await stranger.tryRegister()).success === true;
}

const LOST: readonly (readonly [string, string, RegExp])[] = [
  ['truncated to nothing', '', /router\.yaml: contains no options; write \{\}/],
  ['of comments alone', '# auth-tokens-file: x\n\n', /router\.yaml: contains no options/],
  ['of an empty document', '---\n', /router\.yaml: contains no options/],
  ['of an explicitly empty map', '{}\n', /auth-tokens-file: cannot change without a restart \(.* -> none\)/],
  ['cut off before the tokens', 'max-groups: 7\n', /auth-tokens-file: cannot change without a restart/],
  ['cut off within the line', 'auth-tokens-file:', /auth-tokens-file: cannot change without a restart/],
];

test('a configuration file that lost its tokens: does not disable authentication', async (t) => {
  await using router = await RouterProcess.start(['--config', writeConfig()]);
  function writeConfig(): string {
    const folder = new TempFolder();
    t.after(() => folder.remove());
    const tokens = folder.write('tokens', 'alice: s3cret\n');
    return folder.write('router.yaml', `auth-tokens-file: ${tokens}\n`);
  }
  const config = router.args[1] ?? '';
  for (const [name, text, expected] of LOST) {
    await t.test(name, async () => {
      copyFileSync(router.folder.write('next.yaml', text), config);
      const { outcome, errors } = await router.reload();
      assert.equal(outcome, 'refused');
      assert.match(errors.join('\n'), expected);
      assert.equal(await strangerComesIn(router), false);
    });
  }
});

for (const text of ['', '# only a comment\n', '---\n', 'null\n']) {
  test(`a configuration file ${JSON.stringify(text)}: the start is refused`, async () => {
    using folder = new TempFolder();
    const router = await RouterProcess.startFailing(['--config', folder.write('router.yaml', text)]);
    assert.equal(router.exit?.code, 2);
    assert.match(router.log, /router\.yaml: contains no options; write \{\} if this is intended/);
  });
}

test('renewed tokens under the same file name: detected by digest; the reload reports their number', async () => {
  using folder = new TempFolder();
  const tokens = folder.write('tokens', `alice: ${'a'.repeat(32)}\nbob: ${'b'.repeat(32)}\n`);
  await using router = await RouterProcess.start(['--auth-tokens-file', tokens]);
  await router.logged(/\[INFO\] Security in force certificate=none clientCa=none tokens=2\n/);
  assert.equal((await router.reload()).outcome, 'unchanged');

  folder.write('tokens', 'alice: other\ncarol: cccc\ndave: dddd\n');
  const from = router.log.length;
  const { outcome, changes, inForce } = await router.reload();
  assert.equal(outcome, 'applied');
  assert.deepEqual(changes, [{ key: 'auth-tokens-file', from: '2', to: '3 (+2 -1 ~1)' }]);
  assert.equal(inForce.tokens, 3);
  await router.logged(/auth-tokens-file: 2 -> 3 \(\+2 -1 ~1\)\n.*1 changed\n.*Security in force .*tokens=3\n/, {
    from,
  });

  folder.write('tokens', '# all were removed\n');
  const refused = await router.reload();
  assert.equal(refused.outcome, 'refused');
  assert.match(refused.errors.join(), /tokens: holds no token/);
  assert.equal(refused.inForce.tokens, 3);
  assert.equal(await strangerComesIn(router), false);
});

test('a renewed certificate under the same file name: a change with subject and expiry', async () => {
  using folder = new TempFolder();
  const ca = new TestCa(folder);
  const [first, second] = [ca.issue('first'), ca.issue('second')];
  const [tlsCert, tlsKey] = [folder.file('tls.pem'), folder.file('tls.key')];
  copyFileSync(first.certFile, tlsCert);
  copyFileSync(first.keyFile, tlsKey);
  await using router = await RouterProcess.start(['--tls-cert', tlsCert, '--tls-key', tlsKey]);
  await router.logged(
    /Security in force certificate="?CN=first"? expires=\d{4}-\d\d-\d\dT\S+ clientCa=none tokens=none\n/,
  );
  const before = (await router.status()).reload.inForce;
  assert.equal(before.certificateSubject, 'CN=first');

  copyFileSync(second.certFile, tlsCert);
  copyFileSync(second.keyFile, tlsKey);
  const { outcome, changes, inForce } = await router.reload();
  assert.equal(outcome, 'applied');
  const [cert, key] = changes;
  assert.deepEqual([changes.length, cert?.key, key?.key], [2, 'tls-cert', 'tls-key']);
  assert.match(cert?.from ?? '', /^CN=first, \d{4}-\d\d-\d\d, sha256:[0-9a-f]{16}$/);
  assert.match(cert?.to ?? '', /^CN=second, \d{4}-\d\d-\d\d, sha256:[0-9a-f]{16}$/);
  assert.match(`${key?.from} ${key?.to}`, /^sha256:[0-9a-f]{16} sha256:[0-9a-f]{16}$/);
  assert.equal(inForce.certificateSubject, 'CN=second');
  assert.ok((inForce.certificateExpiresAt ?? 0) > Date.now());
  assert.equal((await router.reload()).outcome, 'unchanged');
});

test('a reload: repeats the start warnings', async () => {
  using folder = new TempFolder();
  const config = folder.write('router.yaml', 'max-groups: 5\n');
  await using router = new SpawnedRouter(['--config', config], {
    wrapper: ['sh', '-c', 'ulimit -n 500; exec "$@"', 'sh'],
  });
  await router.listens();
  const count = (): number => router.output.match(/\[WARNING\] max-connections 1000 does not fit/g)?.length ?? 0;
  assert.equal(count(), 1);
  for (const warnings of [2, 3]) {
    router.child.kill('SIGHUP');
    await poll('the warning again', () => count() === warnings);
  }
  folder.write('router.yaml', 'max-connections: 100\n');
  router.child.kill('SIGHUP');
  await router.logged(/1 changed|2 changed/);
  assert.equal(count(), 3);
});
