import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldMemory } from '../../support/held-memory.ts';
import { poll } from '../../support/poll.ts';
import { CONFIG, LOG, PID_FILE, PM2_PID_FILE, SERVICE, SLOW } from '../machine.ts';
import type { SharedState } from '../shared-state.ts';

const RUN_FOLDER = 'stat -c "%a %U:%G" /var/run/rpc-dart-router/';

export function survivalTests(shared: SharedState): void {
  const { machine } = shared;

  const kills = {
    'the router': PID_FILE,
    'the PM2 daemon': PM2_PID_FILE,
    both: `${PM2_PID_FILE} ${PID_FILE}`,
  };
  for (const [what, files] of Object.entries(kills)) {
    test(`kill -9 of ${what}: the service recovers`, async () => {
      const { pid } = await machine.status();
      await machine.run(`kill -9 $(for file in ${files}; do cat $file; echo; done)`);
      const back = await machine.untilBack(pid);
      assert.equal(await machine.run(`cat ${PID_FILE}`), String(back.pid));
      await machine.run(`systemctl reload ${SERVICE}`);
    });
  }

  const stops = {
    'kill -TERM': `kill -TERM $(cat ${PID_FILE})`,
    '--daemon-stop by its user': 'sudo -u rpc-router -H rpc-dart-router --daemon-stop',
    'pm2 stop by its user': 'sudo -u rpc-router -H pm2 stop rpc-dart-router >/dev/null',
  };
  for (const [how, command] of Object.entries(stops)) {
    test(`${how}: no active unit without a router; it restarts and can be reloaded`, async () => {
      const { pid } = await machine.status();
      await machine.run(command);
      await machine.untilBack(pid);
      await machine.run(`systemctl reload ${SERVICE}`);
    });
  }

  test('a crash with an invalid configuration: the unit ends; the service recovers after the correction', async () => {
    const { pid } = await machine.status();
    await machine.run(`cp ${CONFIG} /root/config.yaml`);
    await machine.setOption('prot', '1');
    await machine.run(`kill -9 ${pid}`);
    const isActive = async (): Promise<boolean> => (await machine.property('ActiveState')) === 'active';
    await poll('the end of the unit', async () => !(await isActive()), SLOW);
    await machine.run(`cp /root/config.yaml ${CONFIG}`);
    await machine.untilBack(pid);
  });

  test('pm2 kill by the user: the service recovers', async () => {
    const { pid } = await machine.status();
    await machine.run('sudo -u rpc-router -H pm2 kill >/dev/null');
    await machine.untilBack(pid);
  });

  test('a reboot and a power failure: the service runs again, with its folder in /run', async () => {
    await machine.run('echo precious >/var/lib/rpc-dart-router/data && sync');
    await machine.system.reboot();
    await machine.untilBack();
    assert.equal(await machine.run(RUN_FOLDER), '750 rpc-router:rpc-router');
    await machine.system.cutPower();
    await machine.untilBack();
    assert.equal(await machine.run(RUN_FOLDER), '750 rpc-router:rpc-router');
    assert.equal(await machine.run('cat /var/lib/rpc-dart-router/data'), 'precious');
  });

  test('a full log disk: the router serves, reloads and restarts; the journal contains the lines', async () => {
    await machine.run(`systemctl stop ${SERVICE}
      mount -t tmpfs -o size=256k,mode=750,uid=$(id -u rpc-router),gid=$(id -g rpc-router) tmpfs /var/log/rpc-dart-router
      systemctl start ${SERVICE}`);
    await machine.run('dd if=/dev/zero of=/var/log/rpc-dart-router/filler bs=4k 2>/dev/null || true');
    const { pid } = await machine.status();
    const mark = await machine.mark();
    await machine.run(`for i in 1 2 3 4 5; do kill -USR1 ${pid}; sleep 0.1; done; systemctl reload ${SERVICE}`);
    assert.equal((await machine.status()).pid, pid);
    assert.match(await machine.journal(mark), /Statistics:/);
    await machine.run(`systemctl restart ${SERVICE}`);
    assert.equal((await machine.status()).state, 'ready');
    await machine.run('rm /var/log/rpc-dart-router/filler');
    await machine.run(`kill -USR1 $(cat ${PID_FILE})`);
    await poll('lines in the file again', async () => /Statistics/.test(await machine.run(`tail -n 20 ${LOG}`)), SLOW);
    await machine.run(`systemctl stop ${SERVICE} && umount /var/log/rpc-dart-router && systemctl start ${SERVICE}`);
  });

  test('the memory limit: the kernel ends the router, and it restarts', async () => {
    const { pid } = await machine.status();
    assert.equal(await machine.property('MemoryMax'), String(1024 ** 3));
    assert.equal(await machine.property('OOMPolicy'), 'continue');
    await machine.run(`systemctl set-property --runtime ${SERVICE} MemoryMax=400M`);
    await machine.run(fillMemory(pid));
    assert.ok(
      Number(
        await machine.run(
          `${GROUP}; awk '$1 == "oom_kill" { print $2 }' $group/memory.{oom_control,events} 2>/dev/null || true`,
        ),
      ) > 0,
    );
    await machine.run(`systemctl set-property --runtime ${SERVICE} MemoryMax=1G`);
    await machine.untilBack(pid);
  });

  test('below the memory limit: PM2 restarts the router gracefully', async () => {
    const dropIn = `/run/systemd/system/${SERVICE}.service.d`;
    await machine.run(`mkdir -p ${dropIn}`);
    // the default check interval of PM2 is 30 s
    await machine.write(`${dropIn}/test.conf`, '[Service]\nEnvironment=PM2_WORKER_INTERVAL=5000\n');
    await machine.setOption('max-memory', '64M'); // slightly more than an idle router uses
    const { pid } = await machine.status();
    await machine.run(`systemctl daemon-reload && systemctl restart --no-block ${SERVICE}`);
    await machine.untilBack(pid);
    const mark = await machine.mark();
    using _memory = await HeldMemory.of(await machine.reachablePort(), 32);
    await poll('a restart', async () => (await machine.journal(mark)).includes('Stopping connections='), SLOW);
    await machine.setOption('max-memory', '800M');
    await machine.run(`rm ${dropIn}/test.conf && systemctl daemon-reload && systemctl restart ${SERVICE}`);
  });

  test('an invalid configuration at boot: fails with the reason; the service recovers after the correction', async () => {
    await machine.run(`cp ${CONFIG} /root/config.yaml`);
    await machine.setOption('prot', '1');
    await machine.system.reboot();
    await poll('the reason', async () => /config\.yaml:\d+: unknown .*prot/.test(await machine.journal('-b')), SLOW);
    assert.notEqual(await machine.property('ActiveState'), 'active');
    assert.notEqual((await machine.try(`systemctl start ${SERVICE}`)).code, 0);
    await machine.run(`cp /root/config.yaml ${CONFIG}`);
    await machine.untilBack();
  });
}

/** The control group of the service, with version 1 or 2 of the kernel's interface. */
const GROUP = `group=/sys/fs/cgroup/memory$(systemctl show -P ControlGroup ${SERVICE})
    [ -d "$group" ] || group=/sys/fs/cgroup$(systemctl show -P ControlGroup ${SERVICE})`;

/** Allocates memory within the control group of the service until the kernel ends its router, the preferred OOM victim. */
function fillMemory(pid: number): string {
  const fill = 'const all = []; setInterval(() => all.push(Buffer.alloc(2e7, 1)), 10)';
  return `${GROUP}
    echo 1000 >/proc/${pid}/oom_score_adj
    (echo $BASHPID >$group/cgroup.procs && exec node -e '${fill}') &
    while kill -0 ${pid} 2>/dev/null; do sleep 0.1; done
    kill -9 $! 2>/dev/null; true`;
}
