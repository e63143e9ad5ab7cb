import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVICE } from '../machine.ts';
import type { SharedState } from '../shared-state.ts';

/** Connects every 20 ms as long as the installer runs; prints the number of connections that were refused. */
const PROBE = `node -e '
  const { connect } = require("node:net");
  let [made, refused] = [0, 0];
  setInterval(() => {
    const socket = connect(8080, "127.0.0.1", () => { made++; socket.destroy(); });
    socket.on("error", () => refused++);
  }, 20);
  process.on("SIGTERM", () => { console.log("made " + made + " refused " + refused); process.exit(); });
'`;

export function workerUpgradeTests(shared: SharedState): void {
  const { machine } = shared;
  const current = (): Promise<string> => machine.run('basename $(readlink -f /opt/rpc-dart-router/current)');

  test('an upgrade with workers: the port accepts throughout, the parent stays, its version is kept', async () => {
    const { releases } = shared;
    await machine.setOption('workers', '2');
    await machine.run(`systemctl restart ${SERVICE}`);
    const { pid, version } = await machine.untilBack();
    const old = await current();
    const target = old === releases.next.id ? releases.first : releases.next;
    const { stdout } = await machine.try(
      `${PROBE} & probe=$!; bash /root/${target.id}/scripts/install-production.sh --lang en; kill -TERM $probe; wait $probe`,
    );
    assert.match(stdout, /All workers run version/);
    assert.match(stdout, /^Downtime: 0\.00 s\.$/m);
    assert.match(stdout, /^made [1-9]\d+ refused 0$/m);
    const status = await machine.status();
    assert.deepEqual([status.pid, status.version], [pid, version]);
    assert.ok(status.workers?.every((worker) => worker.version !== version));
    assert.equal(await current(), target.id);
    assert.equal(await machine.run(`systemctl is-active ${SERVICE}`), 'active');
    // a second one: the version of the parent is neither the current nor the previous one then
    assert.equal((await machine.install(target, '--quiet')).code, 0);
    assert.ok((await machine.run('ls -A /opt/rpc-dart-router/versions')).split('\n').includes(old));
    await machine.run(`kill -KILL ${pid}`);
    const restarted = await machine.untilBack(pid);
    assert.notEqual(restarted.version, version, 'PM2 starts the current version after a crash');
  });

  test('an upgrade with workers to a version that does not start: rolled back with a message', async () => {
    const before = await machine.status();
    const { code, stderr } = await machine.install(shared.releases.broken, '--lang en');
    assert.equal(code, 1);
    assert.match(stderr, /broken for a test/);
    assert.match(stderr, /Rolled back: /);
    const status = await machine.untilBack();
    assert.equal(status.version, before.version);
    assert.equal(status.workers?.length, 2);
    await machine.setOption('workers', '1');
    await machine.run(`systemctl restart ${SERVICE}`);
    await machine.untilBack();
  });
}
