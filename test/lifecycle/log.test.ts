import assert from 'node:assert/strict';
import { chmodSync, chownSync, closeSync, openSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { DartClient } from '../support/dart-client.ts';
import { poll, quiet } from '../support/poll.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';
import { SpawnedRouter } from './spawned-router.ts';

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`;

test('text log: the lines of the operator guide in order, nothing between', async () => {
  await using router = new SpawnedRouter(['--max-connections', '100']);
  const port = await router.listens();
  const expected = [
    '===== RPC Dart Router Daemon Startup =====',
    String.raw`Version: \d+\.\d+\.\d+`,
    String.raw`Platform: linux \S+`,
    `Node: ${process.version}`,
    `PID: ${router.child.pid}`,
    `Working Directory: ${process.cwd()}`,
    '================================================',
    String.raw`\[INFO\] RPC Dart Router daemon starting`,
    String.raw`\[INFO\] Configuration: host=127\.0\.0\.1, port=0`,
    String.raw`\[INFO\] Log level: info`,
    String.raw`\[INFO\] RPC Dart Router daemon ready`,
    String.raw`\[INFO\] HTTP/2 gRPC server listening on 127\.0\.0\.1:${port}`,
    String.raw`\[INFO\] Ready to accept connections`,
  ];
  const lines = router.output.trimEnd().split('\n');
  assert.equal(lines.length, expected.length, router.output);
  for (const [n, line] of lines.entries()) assert.match(line, new RegExp(`^${TIME}: ${expected[n]}$`));
  // local time, as in the guide
  const [, logged = ''] = /^([^ ]+): /.exec(lines[0] ?? '') ?? [];
  assert.ok(Math.abs(Date.parse(logged) - Date.now()) < 60_000, logged);
});

test('json log: one object per line with time, level and msg; the same lines as the text log', async () => {
  await using router = await RouterProcess.start(['--log-format', 'json', '--max-connections', '100']);
  const client = await DartClient.join(router.port, { clientName: 'Größe "x"\n' });
  await client.close();
  await router.logged(/Client disconnected/);
  router.signal('SIGUSR1');
  await router.logged(/Statistics: process.*\n/);
  const lines = router.log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const line of lines) {
    assert.equal(new Date(String(line.time)).toISOString(), line.time);
    assert.ok(['debug', 'info', 'warning', 'error', 'critical'].includes(String(line.level)), String(line.level));
    assert.equal(typeof line.msg, 'string');
  }
  const messages = lines.map(({ msg }) => msg);
  assert.ok(messages.includes('Ready to accept connections'));
  const gone = lines.find(({ msg }) => msg === 'Client disconnected');
  assert.deepEqual([gone?.client, gone?.name], [client.id, 'Größe "x"\n']);
  assert.equal(typeof lines.find(({ msg }) => msg === 'Statistics: process')?.memoryMB, 'number');
});

test('log of clients: one line per connect and disconnect, none per message', async () => {
  await using router = await RouterProcess.start();
  await router.logged(/Ready to accept connections\n/); // the ports file may exist before the last log lines are read
  const from = router.log.length;
  const a = await DartClient.join(router.port, { clientName: 'first' });
  const b = await DartClient.join(router.port);
  for (let n = 0; n < 50; n++) a.unicast(b.id, { n });
  for (let n = 0; n < 50; n++) await b.p2p.ofType('unicast');
  a.send({ type: 'broadcast', payload: {} });
  a.send({ type: 'heartbeat' });
  a.send({ type: 'updateMetadata', payload: { metadata: { x: 1 } } });
  await a.ping(1);
  await a.getOnlineClients();
  const { localPort } = a.connection;
  await a.close();
  await router.until('the first to be gone', ({ clients }) => clients.current === 1);
  await b.close();
  await router.until('both to be gone', ({ clients }) => clients.current === 0);
  await quiet(50);
  const lines = router.log.slice(from).trimEnd().split('\n');
  const expected = [
    `\\[INFO\\] Client registered client=${a.id} name=first remote=127\\.0\\.0\\.1:${localPort}`,
    `\\[INFO\\] Client registered client=${b.id} name=null remote=127\\.0\\.0\\.1:\\d+`,
    `\\[INFO\\] Client disconnected client=${a.id} name=first reason="Connection lost"`,
    `\\[INFO\\] Client disconnected client=${b.id} name=null reason="Connection lost"`,
  ];
  assert.equal(lines.length, expected.length, lines.join('\n'));
  for (const [n, line] of lines.entries()) assert.match(line, new RegExp(`^${TIME}: ${expected[n]}$`));
});

test('a hostile client name: cannot forge a line, control a terminal or fake a field', async () => {
  await using router = await RouterProcess.start(['--log-level', 'debug', '--stats', '--stats-interval', '100ms']);
  const names = [
    'x\n2025-06-14T21:30:15: [CRITICAL] forged',
    'x\r[ERROR] forged',
    '\u001b[2J\u001b[31mred\u0007',
    'a b reason=forged "quoted" \\',
    '\u2028forged\u2029\u0085',
    '\u009b31m\u0000',
  ];
  for (const clientName of names) {
    using client = await DartClient.join(router.port, { clientName, groups: [clientName] });
    client.unicast(clientName, {});
    await client.p2p.ofType('error');
  }
  await router.until('all to be gone', ({ clients }) => clients.current === 0);
  await router.logged(/Statistics: process/);
  const known = new RegExp(`^${TIME}: (\\[(INFO|DEBUG|WARNING)\\] (?!forged)|=====|Version|Platform|Node|PID|Working)`);
  for (const line of router.log.trimEnd().split('\n')) assert.match(line, known);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
  assert.doesNotMatch(router.log, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/);
  assert.match(router.log, /name="x\\n2025-06-14T21:30:15: \[CRITICAL\] forged"/);
  assert.match(router.log, /name="\\u001b\[2J/);
  assert.match(router.log, /name="a b reason=forged \\"quoted\\" \\\\" reason="Connection lost"\n/);
});

test('a log file: mode 600, receives every line, is appended to', async () => {
  using folder = new TempFolder();
  const file = folder.file('router.log');
  for (let round = 1; round <= 2; round++) {
    await using router = await RouterProcess.start(['--log-file', file]);
    router.signal('SIGTERM');
    assert.equal((await router.exited).code, 0);
    assert.equal(router.log, '', 'nothing on standard output');
    const text = readFileSync(file, 'utf8');
    assert.equal(text.match(/Startup =====/g)?.length, round);
    assert.match(text, /RPC Dart Router stopped\n$/, 'the last line is there');
  }
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a log file that is a symlink, a folder or in a missing folder: refused with exit code 2', async () => {
  using folder = new TempFolder();
  const target = folder.write('precious', 'do not touch\n');
  symlinkSync(target, folder.file('link.log'));
  const cases: readonly (readonly [string, RegExp])[] = [
    [folder.file('link.log'), /link\.log: is a symbolic link; refused/],
    [folder.path, /cannot be opened for writing: .*directory/],
    ['/nonexistent/router.log', /\/nonexistent\/router\.log: cannot be opened for writing/],
  ];
  for (const [file, expected] of cases) {
    await using router = new SpawnedRouter(['--log-file', file]);
    assert.equal((await router.exited).code, 2);
    assert.match(router.output, expected);
  }
  assert.equal(readFileSync(target, 'utf8'), 'do not touch\n');
});

test('a log file of another user: refused', { skip: process.getuid?.() !== 0 }, async () => {
  using folder = new TempFolder();
  const file = folder.write('router.log', '', 0o666);
  chmodSync(folder.path, 0o755);
  chmodSync(file, 0o666);
  chownSync(file, 65534, 65534);
  await using router = new SpawnedRouter(['--log-file', file]);
  assert.equal((await router.exited).code, 2);
  assert.match(router.output, /router\.log: belongs to another user; refused/);
});

test('a full disk: the router keeps running and counts the lost lines', async (t) => {
  await t.test('--log-file', async () => {
    await using router = await RouterProcess.start(['--log-file', '/dev/full']);
    using client = await DartClient.join(router.port);
    assert.equal(await client.canReach(client.id), true);
    const lost = Number(/^rpc_router_log_lines_lost_total (\d+)$/m.exec(await router.get('/metrics'))?.[1]);
    assert.ok(lost > 10, `${lost}`);
    assert.notEqual((await router.reload()).outcome, 'refused');
    router.signal('SIGTERM');
    assert.equal((await router.exited).code, 0);
  });

  await t.test('standard output', async () => {
    using folder = new TempFolder();
    const full = openSync('/dev/full', 'w');
    const ports = folder.file('ports.json');
    const socket = folder.file('control.sock');
    await using router = new SpawnedRouter(['--ports-file', ports, '--control-socket', socket], { stdout: full });
    closeSync(full);
    const { grpc } = await poll('it to listen', () => JSON.parse(readFileSync(ports, 'utf8')) as { grpc: number }, {
      limitMs: 15_000,
    });
    using client = await DartClient.join(grpc);
    assert.equal(await client.canReach(client.id), true);
    router.child.kill('SIGTERM');
    assert.equal((await router.exited).code, 0);
  });
});

test('log level: lower levels are not written; none writes nothing', async () => {
  await using router = await RouterProcess.start(['--log-level', 'error']);
  using client = await DartClient.join(router.port);
  assert.equal(await client.canReach(client.id), true);
  assert.doesNotMatch(router.log, /INFO|WARNING|DEBUG/);
  await using silent = await RouterProcess.start(['--log-level', 'none']);
  assert.equal(silent.log, '');
});
