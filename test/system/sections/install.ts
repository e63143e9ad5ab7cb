import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG, SERVICE } from '../machine.ts';
import type { SharedState } from '../shared-state.ts';

/** Everything that the installer may touch: names, owners, modes and sizes. */
const SNAPSHOT = `(find /etc /opt /usr/local -printf '%p %U:%G %m %s\\n'
  find /var/lib /var/log /run/systemd/system -maxdepth 1 -printf '%p %U:%G %m\\n') | sort | sha256sum`;

const DIRECTORIES = `755 root:root /opt/rpc-dart-router
755 root:root /etc/rpc-dart-router
750 rpc-router:rpc-router /var/log/rpc-dart-router
750 rpc-router:rpc-router /var/run/rpc-dart-router/
750 rpc-router:rpc-router /var/lib/rpc-dart-router
700 rpc-router:rpc-router /var/lib/rpc-dart-router/.pm2`;

export function installTests(shared: SharedState): void {
  refusalTests(shared);
  const { machine } = shared;

  test('a quiet installation from a release, without a network: no word, and a service that serves', async () => {
    const { code, text } = await machine.install(shared.releases.first, '--quiet');
    assert.equal(text, '');
    assert.equal(code, 0);
    assert.equal(await machine.property('ActiveState'), 'active');
    assert.equal(await machine.property('UnitFileState'), 'enabled');
    const status = await machine.status();
    assert.equal(status.state, 'ready');
    assert.deepEqual(
      status.listening.map(({ purpose, host, port }) => `${purpose} ${host}:${port}`),
      ['grpc 0.0.0.0:8080', 'metrics 127.0.0.1:9090'],
    );
  });

  test('account, folders, owners and modes are those of the guide', async () => {
    const account = await machine.run('getent passwd rpc-router && id -gn rpc-router && id -u rpc-router');
    const [passwd = '', group, uid] = account.split('\n');
    assert.match(passwd, /:\/var\/lib\/rpc-dart-router:\/usr\/sbin\/nologin$/);
    assert.equal(group, 'rpc-router');
    assert.ok(Number(uid) < 1000, 'a system user');
    const folders = DIRECTORIES.split('\n').map((line) => line.split(' ')[2]);
    assert.equal(await machine.run(`stat -c '%a %U:%G %n' ${folders.join(' ')}`), DIRECTORIES);
    assert.equal(await machine.run('find /opt/rpc-dart-router -perm /022 ! -type l'), '');
    assert.equal(await machine.run('find /opt/rpc-dart-router ! -user root'), '');
  });

  test('the program is there with production dependencies only, and on the PATH', async () => {
    const modules = '/opt/rpc-dart-router/current/node_modules';
    assert.equal(
      await machine.run(`ls -d ${modules}/{typescript,tsx,@biomejs,playwright-core} 2>/dev/null || true`),
      '',
    );
    assert.equal(await machine.run('rpc-dart-router --version'), await machine.run('rpc_dart_router --version'));
    assert.equal(await machine.run('rpc-dart-router --version'), (await machine.status()).version);
  });

  test('the configuration names every option, and is accepted', async () => {
    const text = await machine.run(`cat ${CONFIG}`);
    for (const line of ['port: 8080', 'max-connections: 10000', 'metrics: true', '#tls-cert:']) {
      assert.ok(text.split('\n').includes(line), line);
    }
    const check = await machine.run(`rpc-dart-router --check-config --config ${CONFIG}`);
    assert.match(check, /max-connections: 10000 +# .*config\.yaml:\d+/);
  });

  test("the unit is pm2's own with the drop-in over it, and scores 1.5 at most", async () => {
    const unit = await machine.run(`systemctl cat ${SERVICE}`);
    assert.match(unit, /Description=PM2 process manager/);
    assert.match(unit, /ProtectSystem=strict/);
    const security = await machine.run(`systemd-analyze security --no-pager ${SERVICE} | tail -n 1`);
    const level = Number(/level for .*: ([\d.]+)/.exec(security)?.[1]);
    assert.ok(level <= 1.5, security);
    assert.equal((await machine.try(`systemd-analyze verify ${SERVICE}.service`)).text, '');
  });

  test('run again, it changes nothing and restarts nothing', async () => {
    const { pid } = await machine.status();
    const before = await machine.run(SNAPSHOT);
    const { code, stdout } = await machine.install(shared.releases.first, '--lang en');
    assert.equal(code, 0);
    assert.match(stdout, /is installed and healthy: nothing to do/);
    assert.equal((await machine.status()).pid, pid);
    assert.equal(await machine.run(SNAPSHOT), before);
  });

  test('run again, it mends what is missing', async () => {
    await machine.run(`chmod 777 /var/log/rpc-dart-router && rm /usr/local/bin/rpc-dart-router`);
    assert.equal((await machine.install(shared.releases.first, '--quiet')).code, 0);
    assert.equal(await machine.run('stat -c %a /var/log/rpc-dart-router && rpc-dart-router --version >&2'), '750');
  });
}

function refusalTests(shared: SharedState): void {
  const { machine } = shared;
  /** Runs the installer where it has to refuse, and looks that nothing has changed. */
  const refused = async (prepare: string, undo: string, options = '--lang en'): Promise<string> => {
    await machine.run(prepare);
    const before = await machine.run(SNAPSHOT);
    const { code, stderr } = await machine.install(shared.releases.first, options);
    assert.equal(await machine.run(SNAPSHOT), before);
    await machine.run(undo);
    assert.equal(code, 1, stderr);
    return stderr;
  };

  test('a dry run says what it would do and changes nothing', async () => {
    const before = await machine.run(SNAPSHOT);
    const { code, stdout } = await machine.install(shared.releases.first, '--dry-run --lang en');
    assert.equal(code, 0);
    assert.match(stdout, /would: create the system user rpc-router/);
    assert.match(stdout, /would: start the service rpc-dart-router/);
    assert.equal(await machine.run(SNAPSHOT), before);
    assert.notEqual((await machine.try('id rpc-router')).code, 0);
  });

  test('a busy port is named with its holder, in either language', async () => {
    const take =
      'systemd-run -q --unit=taker nc -lk 8080 2>/dev/null || systemd-run -q --unit=taker node -e "require(\'net\').createServer().listen(8080)"';
    const listening = 'until ss -Hltn "sport = :8080" | grep -q .; do sleep 0.1; done';
    const stderr = await refused(`${take}; ${listening}`, 'true');
    assert.match(stderr, /✗ port 8080 is in use \("node",pid=\d+\)/);
    assert.match(stderr, /Nothing has been changed/);
    const russian = await refused('true', 'systemctl stop taker', '--lang ru');
    assert.match(russian, /порт 8080 занят/i);
  });

  test('a full disk is seen before anything is written', async () => {
    const stderr = await refused('mount -t tmpfs -o size=8m tmpfs /opt', 'umount /opt');
    assert.match(stderr, /✗ \/opt has \d MB free, 200 MB are needed/);
  });

  test('an old Node.js, and no root', async () => {
    const fake = '/usr/local/sbin/node';
    const old = await refused(
      `printf '#!/bin/sh\\ncase $1 in --version) echo v18.20.0;; -e) exit 1;; *) exec /usr/bin/node "$@";; esac' >${fake}; chmod 755 ${fake}`,
      `rm ${fake}`,
    );
    assert.match(old, /✗ Node\.js v18\.20\.0 is too old/);
    const script = `/tmp/product/scripts/install-production.sh --lang en`;
    const { code, stderr } = await machine.try(
      `cp -r /root/${shared.releases.first.id} /tmp/product && setpriv --reuid 65534 --clear-groups bash ${script}`,
    );
    assert.equal(code, 1);
    assert.match(stderr, /✗ not root: run it with sudo/);
    await machine.run('rm -rf /tmp/product');
  });

  test('a damaged release is not installed', async () => {
    const file = `/root/${shared.releases.first.id}/dist/main.js`;
    const { first } = shared.releases;
    await machine.run(`cp ${file} /root/main.js && echo '// changed' >>${file}`);
    const { code, stderr } = await machine.install(first, '--lang en');
    await machine.run(`cp -p /root/main.js ${file}`);
    assert.equal(code, 1);
    assert.match(stderr, /is damaged or was changed/);
    assert.notEqual((await machine.try('id rpc-router')).code, 0);
  });

  test('wrong usage ends with 2 and the usage', async () => {
    for (const options of ['--prot 1', '--port 0', '--purge', '--lang de']) {
      const { code, stderr } = await machine.install(shared.releases.first, options);
      assert.equal(code, 2, options);
      assert.match(stderr, /usage: sudo bash scripts\/install-production\.sh/);
    }
  });
}
