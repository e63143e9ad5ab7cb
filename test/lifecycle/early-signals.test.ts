import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { within } from '../support/poll.ts';
import { ROOT } from '../support/program.ts';
import { TempFolder } from '../support/temp.ts';
import { SpawnedRouter } from './spawned-router.ts';

const PRELOAD = pathToFileURL(`${ROOT}test/support/signal-while-loading.mjs`).href;

/** Environment of a program that receives these signals while it loads its modules. */
function signalled(...signals: readonly NodeJS.Signals[]): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${PRELOAD}`, EARLY_SIGNALS: signals.join(',') };
}

/** Whether something listens on this port of the loopback. */
async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test('SIGHUP, SIGUSR1 and SIGUSR2 during loading: handled once the router runs, no debugger is opened', async () => {
  using folder = new TempFolder();
  const config = folder.write('router.yaml', 'max-groups: 5\n');
  const env = signalled('SIGHUP', 'SIGUSR1', 'SIGUSR2');
  await using router = new SpawnedRouter(['--config', config], { env });
  await router.listens();
  await router.logged(/Ready to accept connections\n(.*\n)*.*Configuration reloaded: nothing changed\n/);
  await router.logged(/Ready to accept connections\n(.*\n)*.*Statistics: process /);
  await router.logged(/Debug mode on\n/);
  assert.doesNotMatch(router.output, /[Dd]ebugger/);
  router.child.kill('SIGUSR2');
  await router.logged(/Debug mode off\n/);
  assert.equal(router.output.match(/Debug mode/g)?.length, 2);
  router.child.kill('SIGTERM');
  assert.deepEqual(await within(router.exited, 10_000, 'the exit'), { code: 0, signal: null });
});

test('a debugger opened by SIGUSR1 during the start of Node.js: closed; one requested by --inspect is not', async () => {
  // a SIGUSR1 before the first module opens the debugger; it cannot be timed, so the preload opens it the same way
  const open = `data:text/javascript,${encodeURIComponent("import { open } from 'node:inspector'; open(0, '127.0.0.1');")}`;
  await using router = new SpawnedRouter([], { env: { NODE_OPTIONS: `--import=${open}` } });
  await router.logged(/\[WARNING\] SIGUSR1 came while Node\.js started and opened its debugger; it is closed\n/);
  const [, port = ''] = await router.logged(/Debugger listening on ws:\/\/127\.0\.0\.1:(\d+)\//);
  await router.logged(/Statistics: process /);
  assert.equal(await accepts(Number(port)), false);
  await using wanted = new SpawnedRouter([], { env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } });
  await wanted.listens();
  const [, wantedPort = ''] = await wanted.logged(/Debugger listening on ws:\/\/127\.0\.0\.1:(\d+)\//);
  assert.equal(await accepts(Number(wantedPort)), true);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} during loading: a graceful stop without an accepted connection`, async () => {
    await using router = new SpawnedRouter([], { env: signalled(signal) });
    assert.deepEqual(await within(router.exited, 15_000, 'the exit'), { code: 0, signal: null });
    assert.match(router.output, /RPC Dart Router stopped\n/);
    assert.doesNotMatch(router.output, /Ready to accept/);
  });
}

test('other commands: end by an early signal as without handlers', async () => {
  await using command = new SpawnedRouter(['--check-config'], { env: signalled('SIGTERM') });
  assert.deepEqual(await within(command.exited, 15_000, 'the exit'), { code: null, signal: 'SIGTERM' });
});
