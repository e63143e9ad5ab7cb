import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { commandLine, DaemonFixture } from './daemon-fixture.ts';

test('--daemon-logs: shows the last lines, also of a stopped daemon', async () => {
  await using fixture = new DaemonFixture();
  await fixture.start();
  const lines = fixture.log.trimEnd().split('\n');
  const all = await fixture.run(['--daemon-logs']);
  assert.deepEqual([all.code, all.stdout.trimEnd().split('\n')], [0, lines]);
  const two = await fixture.run(['--daemon-logs', '--lines', '2']);
  assert.deepEqual(two.stdout.trimEnd().split('\n'), lines.slice(-2));
  assert.equal((await fixture.run(['--daemon-logs', '--lines', '0'])).stdout, '');
  await fixture.run(['--daemon-stop']);
  assert.match(
    (await fixture.run(['--daemon-logs', ...fixture.paths, '--lines', '1'])).stdout,
    /RPC Dart Router stopped/,
  );
});

test('--daemon-logs -f: follows the log over rotation and truncation until interrupted', async () => {
  await using fixture = new DaemonFixture();
  fixture.folder.write('router.log', 'line 1\nline 2\n');
  const [command = '', ...args] = commandLine(['--daemon-logs', '-f', '--lines', '1', ...fixture.paths]);
  const child = spawn(command, args, { env: fixture.environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const exited = new Promise((resolve) => child.once('close', (code, name) => resolve(code ?? name)));
  try {
    await poll('the last line', () => output === 'line 2\n', { limitMs: 10_000 });
    appendFileSync(fixture.logFile, 'line 3\n');
    await poll('an appended line', () => output.endsWith('line 3\n'));
    appendFileSync(fixture.logFile, 'line 4\n');
    renameSync(fixture.logFile, fixture.folder.file('router__old.log'));
    writeFileSync(fixture.logFile, 'line 5\n');
    await poll('the lines around a rotation', () => output.endsWith('line 4\nline 5\n'));
    truncateSync(fixture.logFile);
    await poll('the truncation to be noticed', () => {
      appendFileSync(fixture.logFile, '.');
      return output.endsWith('.');
    });
    child.kill('SIGINT');
    assert.equal(await exited, 0);
  } finally {
    child.kill('SIGKILL');
  }
});
