import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { commandLine, DaemonBed } from './daemon-bed.ts';

test('--daemon-logs shows the last lines, also of a daemon that has stopped', async () => {
  await using bed = new DaemonBed();
  await bed.start();
  const lines = bed.log.trimEnd().split('\n');
  const all = await bed.run(['--daemon-logs']);
  assert.deepEqual([all.code, all.stdout.trimEnd().split('\n')], [0, lines]);
  const two = await bed.run(['--daemon-logs', '--lines', '2']);
  assert.deepEqual(two.stdout.trimEnd().split('\n'), lines.slice(-2));
  assert.equal((await bed.run(['--daemon-logs', '--lines', '0'])).stdout, '');
  await bed.run(['--daemon-stop']);
  assert.match((await bed.run(['--daemon-logs', ...bed.places, '--lines', '1'])).stdout, /RPC Dart Router stopped/);
});

test('--daemon-logs -f goes on, over a rotation and a truncation, until it is interrupted', async () => {
  await using bed = new DaemonBed();
  bed.folder.write('router.log', 'line 1\nline 2\n');
  const [command = '', ...args] = commandLine(['--daemon-logs', '-f', '--lines', '1', ...bed.places]);
  const child = spawn(command, args, { env: bed.environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const exited = new Promise((resolve) => child.once('close', (code, name) => resolve(code ?? name)));
  try {
    await poll('the last line', () => output === 'line 2\n', { limitMs: 10_000 });
    appendFileSync(bed.logFile, 'line 3\n');
    await poll('an appended line', () => output.endsWith('line 3\n'));
    appendFileSync(bed.logFile, 'line 4\n');
    renameSync(bed.logFile, bed.folder.file('router__old.log'));
    writeFileSync(bed.logFile, 'line 5\n');
    await poll('the lines around a rotation', () => output.endsWith('line 4\nline 5\n'));
    truncateSync(bed.logFile);
    await poll('the truncation to be noticed', () => {
      appendFileSync(bed.logFile, '.');
      return output.endsWith('.');
    });
    child.kill('SIGINT');
    assert.equal(await exited, 0);
  } finally {
    child.kill('SIGKILL');
  }
});
