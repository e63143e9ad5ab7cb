import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { CHECKS } from '../../src/doctor/index.ts';
import { DartClient } from '../support/dart-client.ts';
import { RouterProcess } from '../support/router-process.ts';
import { DoctorFixture } from './doctor-fixture.ts';

interface Answer {
  readonly version: string;
  readonly ok: boolean;
  readonly findings: readonly { check: string; outcome: string; text: string; advice: string | null }[];
}

const NAMES = CHECKS.map(({ name }) => name);
const EVERYTHING =
  'router config node internals ports cluster exposure tls permissions leftovers nofile sysctl memory disk log clock pm2';

test('--doctor: prints one line per finding, with advice unless ok', async () => {
  using fixture = new DoctorFixture();
  const { code, stdout, stderr } = await fixture.run();
  assert.equal(NAMES.join(' '), EVERYTHING);
  assert.equal(code, 0, stdout);
  assert.equal(stderr, '');
  const [lines = '', summary = ''] = stdout.split('\n\n');
  for (const line of lines.split('\n')) assert.match(line, /^(ok {4}\w+ +[^→]+|(warn|fail) {2}\w+ +[^→]+ → .+)$/);
  const shown = new Set(lines.split('\n').map((line) => line.split(/\s+/)[1]));
  for (const name of NAMES.filter((name) => name !== 'sysctl')) assert.ok(shown.has(name), name);
  assert.match(summary, /^Checks: \d+ \(ok: \d+, warnings: \d+, failures: 0\)\n$/);
});

test('--doctor: a failure gives exit code 1; --json has stable keys', async () => {
  using fixture = new DoctorFixture();
  const tokens = fixture.folder.write('tokens', 'someone: a-long-token-of-30-characters\n', 0o644);
  const { code, stdout } = await fixture.run(['--auth-tokens-file', tokens, '--json']);
  assert.equal(code, 1);
  const answer = JSON.parse(stdout) as Answer;
  assert.deepEqual(Object.keys(answer), ['version', 'ok', 'findings']);
  assert.equal(answer.ok, false);
  for (const finding of answer.findings) assert.deepEqual(Object.keys(finding), ['check', 'outcome', 'text', 'advice']);
  assert.deepEqual(
    answer.findings.filter(({ outcome }) => outcome === 'fail').map(({ check }) => check),
    ['permissions'],
  );
});

test('--doctor: an invalid configuration gives exit code 2', async () => {
  using fixture = new DoctorFixture();
  const { code, stderr } = await fixture.run(['--max-groups', 'many']);
  assert.equal(code, 2);
  assert.match(stderr, /max-groups/);
});

test('--doctor: all findings are translated to Russian', async () => {
  using fixture = new DoctorFixture();
  const { stdout } = await fixture.run(['--lang', 'ru', '--json', '--metrics', '--metrics-port', '0']);
  const { findings } = JSON.parse(stdout) as Answer;
  const facts = ['node', 'sysctl', 'log']; // the finding contains only figures and names
  for (const { check, text } of findings)
    if (!facts.includes(check)) assert.match(text, /[а-яё]/i, `${check}: ${text}`);
});

test('--doctor: reports the state of a running router', async () => {
  using fixture = new DoctorFixture();
  const config = fixture.folder.write('router.yaml', 'max-connections: 2\n');
  await using router = await RouterProcess.start(['--pid-file', fixture.pidFile, '--config', config], {
    folder: fixture.folder,
  });
  using client = await DartClient.join(router.port);
  using second = await DartClient.join(router.port);
  assert.notEqual(client.id, second.id);
  fixture.folder.write('router.yaml', 'max-connections: none\n');
  await router.reload();
  const args = ['--control-socket', router.socketPath, '--port', String(router.port), '--json'];
  const answer = JSON.parse((await fixture.run(args)).stdout) as Answer;
  const of = (check: string) => answer.findings.filter((finding) => finding.check === check);
  assert.equal(of('ports')[0]?.text, `127.0.0.1:${router.port}: used by the router`);
  const [running, refused, crowded] = of('router').map(({ text }) => text);
  assert.match(running ?? '', new RegExp(`is running with PID ${router.pid}: 2 connections, 2 clients`));
  assert.match(refused ?? '', /^The last reload was rejected: .*max-connections/);
  assert.equal(crowded, '2 of 2 connections in use');
  router.signal('SIGSTOP');
  const frozen = await fixture.run(args);
  router.signal('SIGCONT');
  assert.equal(frozen.code, 1);
  assert.match(frozen.stdout, /The router with PID \d+ does not respond on /);
});

test('--doctor: uses the saved options of a daemon', async () => {
  using fixture = new DoctorFixture();
  mkdirSync(fixture.folder.file('pm2/rpc-dart-router'), { recursive: true, mode: 0o700 });
  fixture.folder.write('pm2/rpc-dart-router/rpc-dart-router.json', JSON.stringify(['--max-connections=900000']));
  const { code, stdout } = await fixture.run();
  assert.equal(code, 1);
  assert.match(stdout, /^fail {2}nofile +Open file limit \d+: too low for 900000 connections → /m);
  assert.match(
    (await fixture.run(['--max-connections', '100'])).stdout,
    /^ok {4}nofile +Open file limit \d+: enough for 100/m,
  );
});
