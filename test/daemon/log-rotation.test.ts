import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { poll } from '../support/poll.ts';
import { DaemonFixture, MAIN } from './daemon-fixture.ts';

const WRITER = fileURLToPath(new URL('./line-writer.ts', import.meta.url));
const LOGROTATE = fileURLToPath(new URL('../../node_modules/pm2-logrotate/app.js', import.meta.url));
const RUN_LOGROTATE = join(dirname(MAIN), 'daemon', 'run-pm2-logrotate.js');
const ROTATIONS = 10;
const LIMIT_MS = 60_000;

test('log rotation: rotates at the size limit, compresses, removes old files; the router keeps writing', async () => {
  await using fixture = new DaemonFixture();
  const { code, stderr } = await fixture.run([
    ...['--daemon-start', ...fixture.options, '--log-max-size', '1k', '--log-retain', '2', '--verbose'],
  ]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    (await fixture.pm2List()).map(({ name }) => name),
    ['rpc-dart-router'],
  );
  const seen = new Set<string>();
  await poll(
    'three rotations',
    () => {
      process.kill(fixture.pid, 'SIGUSR1');
      for (const name of rotated(fixture)) seen.add(name);
      return seen.size >= 3;
    },
    { limitMs: LIMIT_MS, everyMs: 50 },
  );
  await poll('the oldest to go', () => rotated(fixture).length <= 2, { limitMs: LIMIT_MS });
  for (const name of [...rotated(fixture), 'router.log']) {
    assert.equal(statSync(fixture.folder.file(name)).mode & 0o777, 0o600, name);
  }
  const size = statSync(fixture.logFile).size;
  process.kill(fixture.pid, 'SIGUSR1');
  await poll('new lines in the log', () => statSync(fixture.logFile).size !== size);

  assert.equal((await fixture.run(['--daemon-stop'])).code, 0);
});

for (const options of [[], ['--no-log-rotation']]) {
  test(`SIGHUP after the log was renamed or removed: the router writes to a new file ${options.join()}`, async () => {
    await using fixture = new DaemonFixture();
    const { code, stderr } = await fixture.run(['--daemon-start', ...fixture.options, ...options]);
    assert.equal(code, 0, stderr);
    for (const move of [
      () => renameSync(fixture.logFile, fixture.folder.file('moved')),
      () => rmSync(fixture.logFile),
    ]) {
      move();
      process.kill(fixture.pid, 'SIGHUP');
      await poll('the log to go on', () => readFileSync(fixture.logFile, 'utf8').includes('Configuration reloaded'), {
        limitMs: LIMIT_MS,
      });
      assert.equal(statSync(fixture.logFile).mode & 0o777, 0o600);
    }
  });
}

test(`rotation by the router loses no line of ${ROTATIONS} rotations at 1,000 lines/s`, async (t) => {
  await using fixture = new DaemonFixture();
  mkdirSync(fixture.home, { mode: 0o700 });
  const log = fixture.folder.file('writer.log');
  await startWriter(fixture, log, 'rotating');
  await poll('the rotations', () => rotated(fixture, 'writer').length >= ROTATIONS, {
    limitMs: LIMIT_MS,
    everyMs: 100,
  });
  const { written, lost } = await countLost(fixture, log);
  t.diagnostic(`by the router: ${lost} of ${written} lines lost in ${ROTATIONS} rotations`);
  assert.equal(lost, 0);
});

test(`pm2-logrotate works; prints the number of lines lost in ${ROTATIONS} rotations`, async (t) => {
  await using fixture = new DaemonFixture();
  mkdirSync(fixture.home, { mode: 0o700 });
  const log = fixture.folder.file('writer.log');
  await startWriter(fixture, log, 'plain');
  const settings = { max_size: '1K', retain: 100, compress: 'true', workerInterval: 1 };
  const run = await fixture.pm2(['start', RUN_LOGROTATE, '--name', 'rotator', '--', JSON.stringify(settings)]);
  assert.equal(run.code, 0, run.stderr);
  await poll('the rotations', () => rotated(fixture, 'writer').length >= ROTATIONS, {
    limitMs: LIMIT_MS,
    everyMs: 100,
  });
  assert.equal((await fixture.pm2(['stop', 'rotator'])).code, 0);
  const { written, lost } = await countLost(fixture, log);
  t.diagnostic(`pm2-logrotate: ${lost} of ${written} lines lost in ${ROTATIONS} rotations`);
  assert.ok(lost < written / 10, `${lost} of ${written}`);
});

test('--log-rotator pm2-logrotate: runs the bundled copy, once', async () => {
  await using fixture = new DaemonFixture();
  const options = ['--log-rotator', 'pm2-logrotate', '--log-max-size', '20k'];
  assert.equal((await fixture.run(['--daemon-start', ...fixture.options, ...options])).code, 0);
  assert.equal((await fixture.run(['--daemon-restart'])).code, 0);
  const rotators = (await fixture.pm2List()).filter(({ name }) => name.includes('logrotate'));
  assert.deepEqual(
    rotators.map(({ name, pm2_env }) => [name, pm2_env.pm_exec_path, pm2_env.status]),
    [['rpc-dart-router-logrotate', RUN_LOGROTATE, 'online']],
  );
  assert.match(String(rotators[0]?.pm2_env.args), /"max_size":20480,"retain":30,"compress":"true"/);
  assert.equal((await fixture.run(['--daemon-stop'])).code, 0);
  assert.deepEqual(await fixture.pm2List(), []);
});

test('--no-log-rotation: no rotation; a pm2-logrotate of the user replaces that of the router', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  assert.deepEqual(
    (await fixture.pm2List()).map(({ name }) => name),
    ['rpc-dart-router'],
  );
  assert.equal((await fixture.run(['--daemon-stop'])).code, 0);

  assert.equal((await fixture.pm2(['start', LOGROTATE, '--name', 'pm2-logrotate'])).code, 0);
  const { code, stdout } = await fixture.run(['--daemon-start', ...fixture.options]);
  assert.equal(code, 0);
  assert.match(stdout, /pm2-logrotate runs here already and rotates this log too/);
  assert.equal((await fixture.run(['--daemon-stop'])).code, 0);
  assert.deepEqual(
    (await fixture.pm2List()).map(({ name }) => name),
    ['pm2-logrotate'],
  );
});

function rotated(fixture: DaemonFixture, stem = 'router'): string[] {
  return readdirSync(fixture.folder.path).filter((name) => name.startsWith(`${stem}__`) && name.endsWith('.log.gz'));
}

async function startWriter(fixture: DaemonFixture, log: string, mode: 'plain' | 'rotating'): Promise<void> {
  const logs = ['--output', log, '--error', log, '--merge-logs', '--kill-timeout', '5000'];
  const node = ['--interpreter', process.execPath, '--node-args', '--import tsx'];
  const run = await fixture.pm2([
    'start',
    WRITER,
    '--name',
    'writer',
    ...logs,
    ...node,
    '--',
    fixture.folder.file('count'),
    mode,
    log,
  ]);
  assert.equal(run.code, 0, run.stderr);
}

/** Stops the writer and searches all logs for each of its lines. */
async function countLost(fixture: DaemonFixture, log: string): Promise<{ written: number; lost: number }> {
  assert.equal((await fixture.pm2(['stop', 'writer'])).code, 0);
  const written = Number(readFileSync(fixture.folder.file('count'), 'utf8'));
  const found = await poll('the rest to be compressed', () => {
    const names = readdirSync(fixture.folder.path).filter((name) => name.startsWith('writer__'));
    if (names.some((name) => !name.endsWith('.gz'))) return null;
    const archived = names.map((name) => gunzipSync(readFileSync(fixture.folder.file(name))).toString());
    return [...archived, readFileSync(log, 'utf8')].join('');
  });
  const numbers = new Set([...found.matchAll(/ line (\d+) /g)].map(([, number]) => Number(number)));
  return { written, lost: written - numbers.size };
}
