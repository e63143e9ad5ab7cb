import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { TempFolder } from '../../support/temp.ts';
import { CONFIG, Machine, SERVICE } from '../machine.ts';
import type { SharedState } from '../shared-state.ts';

const DATA = '/var/lib/rpc-dart-router/data';

export function backupTests(shared: SharedState): void {
  const { machine } = shared;
  const script = (name: string): string => `bash /opt/rpc-dart-router/current/scripts/${name}.sh`;

  test('backup: a tar archive readable only by root; the service keeps running', async () => {
    const { pid } = await machine.status();
    await machine.run(`mkdir /root/backups && ${script('backup')} --output /root/backups --quiet`);
    assert.match(await machine.run('ls /root/backups'), /^rpc-router-config-\d{8}\.tar\.gz$/);
    assert.equal(await machine.run('stat -c %a /root/backups/*'), '600');
    const names = await machine.run('tar -tzf /root/backups/*');
    assert.match(names, /^etc\/rpc-dart-router\/config\.yaml$/m);
    assert.match(names, /^var\/lib\/rpc-dart-router\/data$/m);
    assert.doesNotMatch(names, /\.sock|\.pid$/m);
    assert.equal((await machine.status()).pid, pid);
  });

  test('restore on a fresh machine: the same configuration and data, and a healthy service', async () => {
    using folder = new TempFolder();
    const archive = join(folder.path, 'backup.tar.gz');
    await machine.setOption('max-connections', '4321');
    await machine.run(`echo 'of the backup' >${DATA} && ${script('backup')} --output /root/backup.tar.gz`);
    await machine.system.pull('/root/backup.tar.gz', archive);
    const fresh = new Machine(`fresh-${process.pid}`);
    try {
      await fresh.boot();
      await fresh.system.copy(shared.releases.first.folder, `/root/${shared.releases.first.id}`);
      await fresh.system.copy(archive, '/root/backup.tar.gz');
      // another uid than on the machine of the backup
      await fresh.run('useradd --system somebody-else');
      assert.equal((await fresh.install(shared.releases.first, '--quiet')).code, 0);
      const { code, text } = await fresh.try(`${script('restore')} /root/backup.tar.gz --lang en`);
      assert.equal(code, 0, text);
      assert.match(text, /Restored and healthy: rpc-dart-router .*Downtime: \d+\.\d\d s/);
      assert.equal((await fresh.status()).connections.max, 4321);
      assert.equal(await fresh.run(`cat ${DATA} && stat -c %U ${DATA}`), 'of the backup\nrpc-router');
      assert.match(await fresh.run('ls /var/backups'), /rpc-router-config-before-restore-/);
    } finally {
      await fresh.stop();
    }
  });

  test('restore of a backup that does not start: restores the previous state', async () => {
    await machine.run(`cp ${CONFIG} /root/config.yaml`);
    await machine.setOption('unheard-of', '1');
    await machine.run(`${script('backup')} --output /root/broken.tar.gz && cp /root/config.yaml ${CONFIG}`);
    const { code, stderr } = await machine.try(`${script('restore')} /root/broken.tar.gz --lang en`);
    assert.equal(code, 1);
    assert.match(stderr, /unheard-of/);
    assert.match(stderr, /restoring the previous state/);
    assert.equal((await machine.status()).connections.max, 4321);
    assert.equal(await machine.property('ActiveState'), 'active');
  });

  test('restore of another archive: refused before any change', async () => {
    const { pid } = await machine.status();
    await machine.run('tar -C / -czf /root/other.tar.gz etc/hostname && echo no >/root/text.tar.gz');
    assert.match((await machine.try(`${script('restore')} /root/other.tar.gz --lang en`)).stderr, /etc\/hostname/);
    assert.match(
      (await machine.try(`${script('restore')} /root/text.tar.gz --lang en`)).stderr,
      /not a readable backup/,
    );
    assert.match((await machine.try(`${script('restore')} --lang ru`)).stderr, /использование/);
    assert.equal((await machine.status()).pid, pid);
  });

  test('backup and restore with the two commands of the guide: work as well', async () => {
    await machine.run(`cd /root && tar -czf guide.tar.gz /etc/rpc-dart-router/ /var/lib/rpc-dart-router/ 2>/dev/null
      echo changed >${DATA}
      systemctl stop ${SERVICE} && tar -xzf guide.tar.gz -C / && systemctl start ${SERVICE}`);
    assert.equal(await machine.run(`cat ${DATA}`), 'of the backup');
    assert.equal((await machine.status()).state, 'ready');
  });
}
