import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { DaemonFixture, signal } from './daemon-fixture.ts';

/** State of PM2 after a router has ended for good. */

const PATIENT = { limitMs: 30_000, everyMs: 200 };

async function pm2Status(fixture: DaemonFixture): Promise<unknown> {
  return (await fixture.pm2List())[0]?.pm2_env.status;
}

test('a plain kill or a configuration error: PM2 shows the router as stopped', async () => {
  await using fixture = new DaemonFixture();
  const tokens = fixture.folder.write('tokens', `phone: ${'t'.repeat(32)}\n`);
  await fixture.start(['--auth-tokens-file', tokens]);
  signal(fixture.pid, 'SIGTERM');
  await poll('the status of a stopped router', async () => (await pm2Status(fixture)) === 'stopped', PATIENT);
  await fixture.start(['--auth-tokens-file', tokens]);
  chmodSync(tokens, 0o644);
  signal(fixture.pid, 'SIGKILL');
  await poll('the status of a given up router', async () => (await pm2Status(fixture)) === 'stopped', PATIENT);
  assert.ok(signal(fixture.pm2Pid, 0), 'PM2 stays');
});

test('pm2 restart: the router restarts and PM2 keeps running, also with --end-pm2', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start(['--end-pm2']);
  const { pm2Pid } = fixture;
  for (let count = 1; count <= 2; count++) {
    const { pid } = fixture;
    assert.equal((await fixture.pm2(['restart', 'rpc-dart-router'])).code, 0);
    const next = async (): Promise<boolean> => {
      const status = await fixture.status().catch(() => null);
      return status !== null && status.state === 'ready' && status.pid !== pid;
    };
    await poll('the new one', next, PATIENT);
  }
  assert.equal((await fixture.run(['--daemon-restart'])).code, 0);
  await untilSettled(fixture);
  assert.deepEqual([await pm2Status(fixture), fixture.pm2Pid], ['online', pm2Pid]);
});

const STOPS: Readonly<Record<string, (fixture: DaemonFixture) => Promise<unknown>>> = {
  'kill -TERM': async (fixture) => signal(fixture.pid, 'SIGTERM'),
  '--daemon-stop': (fixture) => fixture.run(['--daemon-stop']),
  'pm2 stop': (fixture) => fixture.pm2(['stop', 'rpc-dart-router']),
  'a crash and a broken configuration': async (fixture) => {
    rmSync(fixture.folder.file('config.yaml'));
    signal(fixture.pid, 'SIGKILL');
  },
};
for (const [how, stop] of Object.entries(STOPS)) {
  test(`--end-pm2: PM2 ends after ${how}`, async () => {
    await using fixture = new DaemonFixture();
    const config = fixture.folder.write('config.yaml', 'max-groups: 5\n');
    await fixture.start(['--end-pm2', '--config', config]);
    const { pm2Pid } = fixture;
    await stop(fixture);
    await poll('the end of PM2', () => !signal(pm2Pid, 0), PATIENT);
  });
}

test('--end-pm2: a PM2 with other processes keeps running', async () => {
  await using fixture = new DaemonFixture();
  const script = fixture.folder.write('program.js', 'setInterval(() => {}, 1000);\n');
  assert.equal((await fixture.pm2(['start', script, '--name', 'program'])).code, 0);
  await fixture.start(['--end-pm2']);
  signal(fixture.pid, 'SIGTERM');
  await poll('the status', async () => (await fixture.pm2List())[1]?.pm2_env.status === 'stopped', PATIENT);
  await untilSettled(fixture);
  assert.equal(await pm2Status(fixture), 'online');
});

test('pm2 save, --daemon-stop, pm2 resurrect: the router runs again with its options', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start(['--max-groups', '7']);
  assert.equal((await fixture.pm2(['save'])).code, 0);
  assert.equal((await fixture.run(['--daemon-stop'])).code, 0);
  const failed = await fixture.run(['--daemon-start', ...fixture.paths, '--host', '192.0.2.1', '--port', '0']);
  assert.notEqual(failed.code, 0, 'and a failed start in between changes nothing');
  assert.equal((await fixture.pm2(['resurrect'])).code, 0);
  await poll('the router', async () => (await fixture.status().catch(() => null))?.state === 'ready', PATIENT);
  assert.match((await fixture.run(['--daemon-reload', '--max-groups', '8'])).stdout, /max-groups: 7 -> 8/);
  assert.equal((await fixture.run(['--daemon-stop'])).code, 0);
});

test('missing saved options: an error message', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  const kept = `${fixture.home}/rpc-dart-router/rpc-dart-router.json`;
  rmSync(kept);
  signal(fixture.pid, 'SIGKILL');
  const cause = `${kept}: the saved options of this daemon no longer exist (PM2 restored an old dump); run --daemon-start`;
  await poll('the reason', async () => (await fixture.run(['--daemon-status'])).stdout.includes(cause), PATIENT);
});

test('--daemon-stop without a saved dump: removes all files of the daemon', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  assert.equal((await fixture.run(['--daemon-stop'])).code, 0);
  assert.equal(existsSync(`${fixture.home}/rpc-dart-router/rpc-dart-router.json`), false);
});

/** Waits until the --daemon-settle process of a stopped router has ended. */
async function untilSettled(fixture: DaemonFixture): Promise<void> {
  const settling = (): string[] =>
    readdirSync('/proc').filter(
      (pid) => read(pid, 'cmdline').includes('--daemon-settle') && read(pid, 'environ').includes(fixture.home),
    );
  await poll('the settling', () => settling().length === 0, PATIENT);
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // no such process
  }
}
