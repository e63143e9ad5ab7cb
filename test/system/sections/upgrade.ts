import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG, SERVICE } from '../machine.ts';
import type { Release } from '../releases.ts';
import type { SharedState } from '../shared-state.ts';

/** Waits until the installer, in the background, has stopped the service. */
const UNTIL_STOPPED = `while systemctl is-active -q ${SERVICE} && kill -0 $installer 2>/dev/null; do sleep 0.05; done`;

const installer = ({ id }: Release): string => `/root/${id}/scripts/install-production.sh`;

export function upgradeTests(shared: SharedState): void {
  const { machine } = shared;
  const current = (): Promise<string> => machine.run('basename $(readlink -f /opt/rpc-dart-router/current)');
  const previous = (): Promise<string> => machine.run('basename $(readlink -f /opt/rpc-dart-router/previous)');
  const kept = (): Promise<string> => machine.run(`sha256sum ${CONFIG} /var/lib/rpc-dart-router/data`);

  test('an upgrade: keeps configuration, data and the previous version; prints the downtime', async (t) => {
    await machine.run(`echo '# mine' >>${CONFIG} && echo precious >/var/lib/rpc-dart-router/data`);
    const before = await kept();
    const { code, stdout } = await machine.install(shared.releases.next, '--lang en');
    assert.equal(code, 0);
    const downtime = /^Downtime: \d+\.\d\d s\.$/m.exec(stdout)?.[0];
    assert.ok(downtime, stdout);
    t.diagnostic(downtime);
    assert.equal((await machine.status()).version, '99.0.0');
    assert.deepEqual([await current(), await previous()], [shared.releases.next.id, shared.releases.first.id]);
    assert.equal(await kept(), before);
    const { pid } = await machine.status();
    assert.ok((await machine.run(`readlink /proc/${pid}/cwd`)).includes(shared.releases.next.id));
  });

  test('a version that does not start: rolled back with a message', async () => {
    const { code, stderr } = await machine.install(shared.releases.broken, '--lang en');
    assert.equal(code, 1);
    assert.match(stderr, /broken for a test/);
    assert.match(stderr, /Rolled back: 99\.0\.0-\w+ runs again\. Downtime: \d+\.\d\d s/);
    const status = await machine.untilBack();
    assert.equal(status.version, '99.0.0');
    assert.deepEqual([await current(), await previous()], [shared.releases.next.id, shared.releases.first.id]);
  });

  test('a version that rejects the configuration: not activated', async () => {
    const { pid } = await machine.status();
    await machine.run(`cp ${CONFIG} /root/config.yaml && echo 'unheard-of: 1' >>${CONFIG}`);
    const { code, stderr } = await machine.install(shared.releases.first, '--lang en');
    await machine.run(`cp /root/config.yaml ${CONFIG}`);
    assert.equal(code, 1);
    assert.match(stderr, /unheard-of/);
    assert.match(stderr, /The running service was not touched/);
    assert.equal((await machine.status()).pid, pid);
  });

  test('--rollback: returns to the previous version; a second call switches forward again', async () => {
    const { releases } = shared;
    const { code, stdout } = await machine.install(releases.next, '--rollback --lang en');
    assert.equal(code, 0);
    assert.match(stdout, /^Downtime: /m);
    assert.deepEqual([await current(), await previous()], [releases.first.id, releases.next.id]);
    assert.equal((await machine.install(releases.first, '--rollback --quiet')).code, 0);
    assert.deepEqual([await current(), await previous()], [releases.next.id, releases.first.id]);
    assert.equal((await machine.status()).version, '99.0.0');
  });

  const moments = { 'while it puts the version there': 'sleep 0.5', 'while it switches': UNTIL_STOPPED };
  for (const [moment, wait] of Object.entries(moments)) {
    test(`an upgrade killed ${moment}: a second run completes it`, async () => {
      const { releases } = shared;
      const target = (await current()) === releases.next.id ? releases.first : releases.next;
      await machine.try(`bash ${installer(target)} >/dev/null 2>&1 & installer=$!; ${wait}; kill -KILL $installer`);
      const { code, text } = await machine.install(target, '--quiet');
      assert.equal(code, 0, text);
      assert.equal(await current(), target.id);
      assert.equal((await machine.untilBack()).state, 'ready');
    });
  }

  test('Ctrl-C during the switch: rolls back', async () => {
    const { releases } = shared;
    const old = await current();
    const target = old === releases.next.id ? releases.first : releases.next;
    const { code, stderr } = await machine.try(
      `bash ${installer(target)} --lang en & installer=$!; ${UNTIL_STOPPED}; kill -TERM $installer; wait $installer`,
    );
    assert.equal(code, 1, stderr);
    assert.match(stderr, /Rolled back/);
    assert.equal(await current(), old);
    await machine.untilBack();
  });

  test('old versions: only the current and the previous one are kept', async () => {
    assert.equal((await machine.install(shared.releases.next, '--quiet')).code, 0);
    const versions = (await machine.run('ls -A /opt/rpc-dart-router/versions')).split('\n').sort();
    assert.deepEqual(versions, [shared.releases.first.id, shared.releases.next.id].sort());
  });

  test('two concurrent installations: the second is refused', async () => {
    const lock = 'exec 8>/run/lock/rpc-dart-router-install.lock && flock 8';
    const { code, stderr } = await machine.try(`${lock} && bash ${installer(shared.releases.next)} --lang en`);
    assert.equal(code, 1);
    assert.match(stderr, /Another installation is running/);
  });
}
