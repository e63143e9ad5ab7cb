import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { PATIENCE_MS, poll, within } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';

/** A router with a configuration file that tests can replace; its folder is removed at the end. */
class Configured implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly router: RouterProcess;

  private constructor(folder: TempFolder, router: RouterProcess) {
    this.folder = folder;
    this.router = router;
  }

  static async start(text: string, folder = new TempFolder()): Promise<Configured> {
    const config = folder.write('router.yaml', text);
    return new Configured(folder, await RouterProcess.start(['--config', config], { folder }));
  }

  /** Reloads with `text`, which must contain a change. */
  async apply(text: string): Promise<void> {
    this.folder.write('router.yaml', text);
    const { outcome, errors } = await this.router.reload();
    assert.equal(outcome, 'applied', errors.join());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.router.stop();
    this.folder.remove();
  }
}

test('a lowered max-connections: closes the newest excess connections with the reason and applies from then on', async () => {
  await using configured = await Configured.start('max-connections: 10\n');
  const { router } = configured;
  const clients: DartClient[] = [];
  for (let n = 0; n < 5; n++) clients.push(await DartClient.join(router.port));
  const [first, second, third, ...newest] = clients as [DartClient, DartClient, DartClient, ...DartClient[]];
  await configured.apply('max-connections: 3\n');
  for (const client of newest) await within(client.connection.whenClosed, PATIENCE_MS, 'the newest to be closed');
  assert.equal(await first.canReach(second.id), true);
  assert.equal(await third.canReach(newest[0]?.id ?? ''), false);
  const status = await router.status();
  assert.deepEqual([status.connections.current, status.connections.max], [3, 3]);
  assert.equal(status.recentlyClosed[0]?.reason, 'connectionLimitLowered');
  await router.logged(/\[INFO\] Connections beyond the lowered limit closed connections=2\n/);
  using excess = await DartClient.connect(router.port);
  await within(excess.connection.whenClosed, PATIENCE_MS, 'one more to be refused');
  await configured.apply('max-connections: 4\n');
  using welcome = await DartClient.join(router.port);
  assert.equal(await welcome.canReach(first.id), true);
  for (const client of clients) client.connection.destroy();
});

test('SIGHUP: reopens a renamed log file, and switches to another log file', async () => {
  const folder = new TempFolder();
  const file = folder.file('router.log');
  await using configured = await Configured.start(`log-file: ${file}\n`, folder);
  const { router } = configured;
  renameSync(file, `${file}.1`);
  using before = await DartClient.join(router.port, { clientName: 'before' });
  assert.equal(existsSync(file), false);
  assert.equal((await router.reload()).outcome, 'unchanged');
  using after = await DartClient.join(router.port, { clientName: 'after' });
  const [old, renewed] = [readFileSync(`${file}.1`, 'utf8'), readFileSync(file, 'utf8')];
  assert.match(old, /name=before/);
  assert.doesNotMatch(old, /name=after/);
  assert.match(renewed, /name=after/);

  const other = folder.file('other.log');
  await configured.apply(`log-file: ${other}\n`);
  using last = await DartClient.join(router.port, { clientName: 'last' });
  assert.match(readFileSync(other, 'utf8'), /log-file: .*router\.log -> .*other\.log/);
  assert.match(readFileSync(other, 'utf8'), /name=last/);
  assert.doesNotMatch(readFileSync(file, 'utf8'), /name=last/);
  for (const client of [before, after, last]) assert.equal(await client.canReach(client.id), true);
});

test('a log file that cannot be reopened: the reload is refused, the log continues in the old file', async () => {
  const folder = new TempFolder();
  const file = folder.file('logs');
  await using configured = await Configured.start(`log-file: ${file}\n`, folder);
  const { router } = configured;
  renameSync(file, `${file}.1`);
  symlinkSync('/dev/null', file);
  const { outcome, errors } = await router.reload();
  assert.equal(outcome, 'refused');
  assert.match(errors.join(), /logs: is a symbolic link/);
  using client = await DartClient.join(router.port, { clientName: 'still-logged' });
  assert.equal(await client.canReach(client.id), true);
  assert.match(readFileSync(`${file}.1`, 'utf8'), /still-logged/);
  rmSync(file);
});

test('log level: changes at once; verbose and quiet are levels, too', async () => {
  await using configured = await Configured.start('log-level: error\n');
  const { router } = configured;
  using silent = await DartClient.join(router.port, { clientName: 'silent' });
  await configured.apply('log-level: info\n');
  using heard = await DartClient.join(router.port, { clientName: 'heard' });
  await router.logged(/name=heard/);
  assert.doesNotMatch(router.log, /name=silent/);
  await configured.apply('verbose: true\n');
  const from = router.log.length;
  using chatty = await DartClient.join(router.port, { clientName: 'chatty' });
  await router.logged(/\[DEBUG\]/, { from });
  await configured.apply('quiet: true\n');
  for (const client of [heard, chatty]) assert.equal(await silent.canReach(client.id), true);
});

test('other limits: apply to connected clients', async () => {
  await using configured = await Configured.start('max-clients-per-connection: 9\nhealth-check: false\n');
  const { router } = configured;
  using client = await DartClient.join(router.port);
  await client.register();
  await configured.apply('max-clients-per-connection: 2\nhealth-check: false\n');
  assert.equal((await client.tryRegister()).success, false);
  // a disabled health check starts with its interval and timeout
  await configured.apply('client-timeout: 300ms\nhealth-check-interval: 50ms\n');
  await router.until('the silent client to be gone', ({ clients }) => clients.current === 0);
  assert.match(router.log, /reason="?(Inactivity timeout|Zombie connection cleanup)/);
});

test('groups, unanswered requests, send queue and names on the status page: changed while clients are connected', async () => {
  await using configured = await Configured.start('{}\n');
  const { router } = configured;
  using asking = await DartClient.join(router.port, { clientName: 'asking' });
  using asked = await DartClient.join(router.port);
  const gone = await DartClient.join(router.port, { clientName: 'gone' });
  await gone.close();
  assert.equal(
    (await router.until('it to be gone', ({ clients }) => clients.current === 2)).recentlyClosed[0]?.clientName,
    undefined,
  );

  await configured.apply(
    'max-groups: 1\nmax-pending-requests: 1\nstatus-page-clients: true\nmax-send-queue-bytes: 64KiB\n',
  );
  assert.equal((await router.status()).recentlyClosed[0]?.clientName, 'gone');
  assert.equal((await asking.tryRegister({ groups: ['a', 'b'] })).success, false);
  for (const requestId of ['r1', 'r2']) asking.send({ type: 'request', targetId: asked.id, payload: { requestId } });
  const { message } = await asking.p2p.ofType('response');
  assert.deepEqual([message.success, message.payload], [false, { code: 'overloaded', requestId: 'r2' }]);
  asked.stopReading();
  const blob = Buffer.alloc(16 * 1024);
  await poll('the reader to be too slow', async () => {
    for (let n = 0; n < 8; n++) asking.unicast(asked.id, { blob });
    return (await router.status()).recentlyClosed[0]?.reason === 'slowReaderBytes';
  });
});

test('shutdown-timeout and write-deadline: changed while clients are connected', async () => {
  await using configured = await Configured.start('write-deadline: 1h\nshutdown-timeout: 1m\n');
  const { router } = configured;
  using sender = await DartClient.join(router.port);
  const [first, second] = [await DartClient.join(router.port), await DartClient.join(router.port)];
  for (const stuck of [first, second]) {
    stuck.stopReading();
    for (let n = 0; n < 20; n++) sender.unicast(stuck.id, { blob: Buffer.alloc(64 * 1024) });
  }
  await router.until('much to be queued', ({ queues }) => queues.bytes > 1_000_000);
  await configured.apply('write-deadline: 200ms\nshutdown-timeout: 300ms\n');
  await router.until('both to be cut off', ({ queues }) => queues.slowReaders === 2);
  router.signal('SIGTERM');
  assert.equal((await within(router.exited, PATIENCE_MS, 'the exit')).code, 0);
  for (const stuck of [first, second]) stuck.connection.destroy();
});

test('statistics: a reload turns them on, shortens their interval and turns them off', async () => {
  await using configured = await Configured.start('{}\n');
  const { router } = configured;
  await configured.apply('stats: true\nstats-interval: 100ms\n');
  await poll('three rounds', () => (router.log.match(/Statistics: clients/g)?.length ?? 0) >= 3);
  await configured.apply('stats: false\n');
  const { index } = await router.logged(/\[INFO\] stats: true -> false\n/);
  const { uptimeMs } = await router.status();
  await router.until('five intervals to pass', (status) => status.uptimeMs > uptimeMs + 500);
  assert.doesNotMatch(router.log.slice(index), /Statistics: /);
});

test('ten concurrent SIGHUPs: ten reloads without a lost client', async () => {
  await using configured = await Configured.start('{}\n');
  const { router } = configured;
  using client = await DartClient.join(router.port);
  for (let n = 0; n < 10; n++) {
    configured.folder.write('router.yaml', `max-groups: ${10 + n}\n`);
    router.signal('SIGHUP');
  }
  await router.until('the last to be applied', ({ reload }) => reload.count > 0);
  assert.equal(await client.canReach(client.id), true);
  configured.folder.write('router.yaml', 'max-groups: 1\n');
  await router.reload();
  assert.equal((await client.tryRegister({ groups: ['a', 'b'] })).success, false);
});
