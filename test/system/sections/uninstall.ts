import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG, SERVICE } from '../machine.ts';
import type { SharedState } from '../shared-state.ts';

const TUNING = '/etc/sysctl.d/90-rpc-dart-router.conf /etc/security/limits.d/rpc-dart-router.conf';

export function uninstallTests(shared: SharedState): void {
  const { machine } = shared;

  test('--tune: installs the limits of the guide', async () => {
    const { code, text: output } = await machine.install(shared.releases.next, '--tune --quiet --lang en');
    assert.equal(code, 0);
    // a container may not set all of them; then a warning is printed
    if (output === '') assert.equal(await machine.run('sysctl -n net.core.somaxconn'), '65536');
    else assert.match(output, /The kernel did not accept all values/);
    const text = await machine.run(`cat ${TUNING}`);
    for (const line of [
      'net.core.somaxconn = 65536',
      'net.ipv4.tcp_max_syn_backlog = 65536',
      'rpc-router soft nofile 65536',
      'rpc-router hard nofile 65536',
    ]) {
      assert.ok(text.includes(line), line);
    }
    const limit = await machine.run('ulimit -Hn');
    if (Number(limit) >= 65536) assert.equal(await machine.run('su -s /bin/sh rpc-router -c "ulimit -n"'), '65536');
  });

  test('--uninstall --dry-run: prints the changes and makes none', async () => {
    const { code, stdout } = await machine.install(shared.releases.next, '--uninstall --purge --dry-run --lang en');
    assert.equal(code, 0);
    assert.match(stdout, /would: stop and remove the service/);
    assert.match(stdout, /would: remove: \/etc\/rpc-dart-router/);
    assert.equal((await machine.status()).state, 'ready');
  });

  test('--uninstall: removes service and program, keeps configuration, logs and data', async () => {
    const { code, stdout } = await machine.install(shared.releases.next, '--uninstall --lang en');
    assert.equal(code, 0);
    assert.match(stdout, /Kept: \/etc\/rpc-dart-router/);
    assert.equal(await machine.property('LoadState'), 'not-found');
    assert.equal(await machine.run('ps -u rpc-router -o pid= || true'), '');
    const gone = `/opt/rpc-dart-router /usr/local/bin/{rpc-dart-router,rpc_dart_router,pm2} ${TUNING}
      /etc/systemd/system/${SERVICE}.service /etc/systemd/system/${SERVICE}.service.d /run/rpc-dart-router`;
    assert.equal(await machine.run(`ls -d ${gone.replace(/\s+/g, ' ')} 2>/dev/null || true`), '');
    assert.equal(
      await machine.run(`ls ${CONFIG} /var/lib/rpc-dart-router/data`),
      `${CONFIG}\n/var/lib/rpc-dart-router/data`,
    );
  });

  test('a new installation: uses the kept configuration', async () => {
    assert.equal((await machine.install(shared.releases.first, '--quiet')).code, 0);
    assert.equal((await machine.status()).connections.max, 4321);
  });

  test('--uninstall --purge: removes everything', async () => {
    assert.equal((await machine.install(shared.releases.first, '--uninstall --purge --quiet')).code, 0);
    const left = await machine.run(
      `find / -xdev \\( -name '*rpc-dart-router*' -o -name '*rpc_dart_router*' -o -name '*rpc-router*' \\) \\
        -not -path '/root/*' -not -path '/proc/*' -not -path '/var/backups/*' -not -path '/run/lock/*'`,
    );
    assert.equal(left, '');
    assert.notEqual((await machine.try('getent passwd rpc-router || getent group rpc-router')).code, 0);
    const again = await machine.install(shared.releases.first, '--uninstall --purge --lang en');
    assert.deepEqual([again.code, again.stdout.split('\n').at(-2)], [0, 'The router is not installed.']);
  });

  test('--uninstall: keeps a service of the same name from another source', async () => {
    const unit = `/etc/systemd/system/${SERVICE}.service`;
    await machine.run(`printf '[Service]\\nExecStart=/bin/sleep 1000\\n' >${unit} && systemctl daemon-reload`);
    await machine.run(`systemctl start ${SERVICE}`);
    assert.equal((await machine.install(shared.releases.first, '--uninstall --quiet')).code, 0);
    assert.equal(await machine.property('ActiveState'), 'active');
    await machine.run(`systemctl stop ${SERVICE} && rm ${unit} && systemctl daemon-reload`);
  });

  test('a failed first installation: reports and stops; a working version repairs it', async () => {
    const { broken, first } = shared.releases;
    const { code, stderr } = await machine.install(broken, '--lang en');
    assert.equal(code, 1);
    assert.match(stderr, /broken for a test/);
    assert.match(stderr, /The service did not start \(see its journal above\) and is stopped/);
    assert.notEqual(await machine.property('ActiveState'), 'active');
    assert.equal((await machine.install(first, '--quiet')).code, 0);
    assert.equal((await machine.status()).state, 'ready');
    assert.equal((await machine.install(first, '--uninstall --purge --quiet')).code, 0);
  });
}
