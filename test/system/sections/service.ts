import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poll } from '../../support/poll.ts';
import { CONFIG, CONTROL_SOCKET, LOG, PID_FILE, SERVICE, SLOW } from '../machine.ts';
import type { SharedState } from '../shared-state.ts';

/** The health check of the installer after an upgrade. */
const HEALTH = `node /opt/rpc-dart-router/current/scripts/lib/health-check.mjs ${CONTROL_SOCKET}`;

export function serviceTests(shared: SharedState): void {
  const { machine } = shared;

  test('the journal: contains the lines of the router with its pid and priorities', async () => {
    const { pid } = await machine.status();
    const entries = (await machine.run(`journalctl -u ${SERVICE} -b -o json --no-pager _PID=${pid}`))
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    const priorityOf = (text: string): string | undefined =>
      entries.find(({ MESSAGE }) => MESSAGE?.includes(text))?.PRIORITY;
    assert.equal(priorityOf('[INFO] Ready to accept connections'), '6');
    assert.equal(priorityOf('[WARNING] Listening on 0.0.0.0 without TLS'), '4');
    assert.ok(entries.every(({ SYSLOG_IDENTIFIER }) => SYSLOG_IDENTIFIER === SERVICE));
    assert.match(await machine.journal('-b -p warning'), /without TLS/);
    assert.doesNotMatch(await machine.journal('-b -p warning'), /INFO/);
  });

  test('the journal: continues after journald was restarted or killed', async () => {
    for (const end of ['restart', 'kill -s KILL']) {
      await machine.run(`systemctl ${end} systemd-journald && sleep 1`);
      const mark = await machine.mark();
      await machine.run(`kill -USR1 $(cat ${PID_FILE})`);
      await poll('statistics', async () => /Statistics/.test(await machine.journal(mark)), SLOW);
    }
  });

  test('pm2 and the daemon commands: show the service to its user', async () => {
    const { pid } = await machine.status();
    const list = await machine.run('sudo -u rpc-router -H pm2 jlist 2>/dev/null');
    const [app] = JSON.parse(list.slice(list.indexOf('['))) as {
      name: string;
      pid: number;
      pm2_env: { status: string };
    }[];
    assert.deepEqual([app?.name, app?.pid, app?.pm2_env.status], ['rpc-dart-router', pid, 'online']);
    const shown = await machine.run('sudo -u rpc-router -H rpc-dart-router --daemon-status --lang ru');
    assert.ok(shown.includes(`✅ Daemon запущен с PID: ${pid}`), shown);
    assert.match(shown, /🔌 Открытые порты:\n {3}• \*:8080\n {3}• 127\.0\.0\.1:9090/);
  });

  test('root: sees the service and how to control it; the daemon commands of root do not change it', async () => {
    const { pid } = await machine.status();
    const shown = await machine.run('rpc-dart-router --daemon-status');
    assert.ok(shown.startsWith(`✅ Daemon is running with PID: ${pid}\n👤 It runs under the user rpc-router`), shown);
    assert.match(
      shown,
      /as the systemd service rpc-dart-router\n💡 To command it: sudo systemctl stop rpc-dart-router/,
    );
    for (const action of ['stop', 'restart', 'reload']) {
      const { code, stderr } = await machine.try(`rpc-dart-router --daemon-${action}`);
      assert.equal(code, 3, action);
      assert.ok(stderr.includes(`to command it: sudo systemctl ${action} rpc-dart-router`), stderr);
    }
    assert.equal((await machine.status()).pid, pid);
    const { code, stdout } = await machine.try('rpc-dart-router --doctor');
    assert.equal(code, 0, stdout);
    assert.match(stdout, new RegExp(`is running with PID ${pid}`));
    assert.match(stdout, /Runs as user rpc-router in the systemd service rpc-dart-router/);
    assert.match(stdout, /PM2 \S+ is running, PM2_HOME is \/var\/lib\/rpc-dart-router\/\.pm2/);
    const stranger = await machine.try('setpriv --reuid nobody --clear-groups rpc-dart-router --daemon-status');
    assert.equal(stranger.code, 3);
    assert.match(stranger.stderr, /A service may run that this user may not see/);
  });

  test('systemctl reload: applies new values and keeps the client', async () => {
    const client = await machine.join('stays');
    const { pid } = await machine.status();
    await machine.setOption('max-connections', '5000');
    const mark = await machine.mark();
    await machine.run(`systemctl reload ${SERVICE}`);
    const status = await machine.status();
    assert.deepEqual([status.pid, status.reload.outcome, status.connections.max], [pid, 'applied', 5000]);
    assert.match(await machine.journal(mark), /max-connections: 10000 -> 5000/);
    assert.ok(Array.isArray((await client.call('getOnlineClients', {})).clients));
  });

  test('systemctl reload: fails for an invalid configuration, with the reason in the journal', async () => {
    const client = await machine.join('stays as well');
    const before = await machine.status();
    await machine.run(`cp ${CONFIG} /root/config.yaml`);
    await machine.setOption('max-groups', 'many');
    const mark = await machine.mark();
    assert.notEqual((await machine.try(`systemctl reload ${SERVICE}`)).code, 0);
    await machine.run(`cp /root/config.yaml ${CONFIG}`);
    assert.match(await machine.journal(`${mark} -p err`), /max-groups must be 0\.\.10000, got many/);
    assert.equal(await machine.property('ActiveState'), 'active');
    assert.equal((await machine.status()).pid, before.pid);
    assert.ok(Array.isArray((await client.call('getOnlineClients', {})).clients));
    await machine.run(`systemctl reload ${SERVICE}`);
  });

  test('systemctl stop: graceful; a pm2 of the user that was started meanwhile does not prevent the start', async () => {
    await machine.run(`systemctl stop ${SERVICE}`);
    assert.equal(await machine.property('ActiveState'), 'inactive');
    assert.equal(await machine.property('Result'), 'success');
    assert.equal(await machine.run('ps -u rpc-router -o pid= || true'), '');
    assert.notEqual((await machine.try(`test -e ${PID_FILE}`)).code, 0);
    assert.equal(await machine.run('stat -c "%a %U" /var/run/rpc-dart-router'), '750 rpc-router');
    await machine.run('cd / && sudo -u rpc-router -H pm2 ping >/dev/null');
    await machine.run(`systemctl start ${SERVICE}`);
    assert.equal((await machine.status()).state, 'ready');
  });

  test('systemctl start: fails if the router does not start, with the reason in the journal', async () => {
    await machine.run(`systemctl stop ${SERVICE}`);
    await machine.run(`systemd-run -q --unit=taker node -e "require('net').createServer().listen(8080)"`);
    const mark = await machine.mark();
    assert.notEqual((await machine.try(`systemctl start ${SERVICE}`)).code, 0);
    const lines = await machine.journal(mark);
    assert.match(lines, /Cannot listen on 0\.0\.0\.0:8080: the port is in use/);
    assert.notEqual(await machine.property('ActiveState'), 'active');
    await machine.run('systemctl stop taker');
    await machine.untilBack();
  });

  test('port 443: available to the unprivileged user, also after a respawn', async () => {
    await machine.setOption('port', '443');
    await machine.run(`systemctl restart ${SERVICE}`);
    const { pid, listening } = await machine.status();
    assert.equal(listening[0]?.port, 443);
    assert.equal(await machine.run(`ps -o user= -p ${pid}`), 'rpc-router'.slice(0, 10));
    await machine.run(`systemctl reload ${SERVICE} && kill -9 ${pid}`);
    assert.equal((await machine.untilBack(pid)).listening[0]?.port, 443);
    const inherited = 'setpriv --reuid rpc-router --regid rpc-router --clear-groups';
    const bind = `node -e "require('net').createServer().listen(444)"`;
    const unprivileged = Number(await machine.run('cat /proc/sys/net/ipv4/ip_unprivileged_port_start'));
    if (unprivileged > 444) assert.notEqual((await machine.try(`${inherited} ${bind}`)).code, 0);
    await machine.setOption('port', '8080');
    await machine.run(`systemctl restart ${SERVICE}`);
  });

  test('the unit: its limits and sandboxing apply to the router', async () => {
    const { pid } = await machine.status();
    const status = await machine.run(`cat /proc/${pid}/status`);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    assert.match(status, /^CapBnd:\t0000000000000400$/m); // only CAP_NET_BIND_SERVICE
    assert.match(status, /^Seccomp:\t2$/m);
    const limits = await machine.run(`cat /proc/${pid}/limits`);
    assert.match(limits, /^Max processes +4096 /m);
    const writable = (path: string): string => `nsenter -t ${pid} -m touch ${path}`;
    assert.match((await machine.try(writable('/etc/x'))).stderr, /Read-only file system/);
    assert.match((await machine.try(writable('/opt/rpc-dart-router/x'))).stderr, /Read-only file system/);
    assert.equal(
      (await machine.try(`${writable('/var/lib/rpc-dart-router/x')} && rm /var/lib/rpc-dart-router/x`)).code,
      0,
    );
  });

  test('a drop-in of the operator: overrides that of the installation', async () => {
    const folder = `/etc/systemd/system/${SERVICE}.service.d`;
    await machine.write(`${folder}/override.conf`, '[Service]\nMemoryMax=512M\n');
    await machine.run('systemctl daemon-reload');
    assert.equal(await machine.property('MemoryMax'), String(512 * 1024 ** 2));
    await machine.run(`rm ${folder}/override.conf && systemctl daemon-reload`);
  });

  test('the log: rotated and compressed, continues in a new file', async () => {
    await machine.setOption('log-max-size', '1KiB');
    await machine.run(`systemctl restart ${SERVICE}`);
    const { pid } = await machine.status();
    const rotated = async (): Promise<boolean> => {
      await machine.run(`kill -USR1 ${pid}`);
      return (await machine.run('ls /var/log/rpc-dart-router')).includes('.gz');
    };
    await poll('a compressed log', rotated, SLOW);
    await machine.run(`sed -i '/^log-max-size:/d' ${CONFIG} && systemctl restart ${SERVICE}`);
    assert.match(await machine.run(`tail -n 3 ${LOG}`), /Ready to accept connections/);
    assert.equal(await machine.run(`stat -c '%a %U' ${LOG}`), '600 rpc-router');
  });

  test('certificate and tokens as in the manual: readable only by the group', async () => {
    const files = '/etc/rpc-dart-router';
    await machine.run(`cd ${files} && openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.crt -days 2 -subj /CN=localhost 2>/dev/null
      printf 'phone: %s\\n' "$(openssl rand -hex 24)" >tokens
      chown root:rpc-router tls.key tokens && chmod 640 tls.key tokens && cp config.yaml /root/config.yaml`);
    await machine.setOption('auth-tokens-file', `${files}/tokens`);
    await machine.run(`systemctl reload ${SERVICE}`);
    await machine.setOption('tls-cert', `${files}/tls.crt`);
    await machine.setOption('tls-key', `${files}/tls.key`);
    await machine.run(`systemctl restart ${SERVICE}`);
    assert.match(await machine.run(HEALTH), /0\.0\.0\.0:8080/);
    const verify = 'openssl s_client -connect 127.0.0.1:8080 -alpn h2 </dev/null 2>/dev/null';
    assert.match(await machine.run(verify), /ALPN protocol: h2/);
    await machine.setOption('tls-client-ca', `${files}/tls.crt`);
    await machine.run(`systemctl restart ${SERVICE}`);
    assert.match(await machine.run(HEALTH), /0\.0\.0\.0:8080/);
    await machine.run(
      `cp /root/config.yaml ${CONFIG} && rm ${files}/{tls.key,tls.crt,tokens} && systemctl restart ${SERVICE}`,
    );
  });
}
