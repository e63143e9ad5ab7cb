import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { poll } from '../support/poll.ts';
import { PROGRAM } from '../support/program.ts';
import { TempFolder } from '../support/temp.ts';

const hasScript = spawnSync('script', ['--version']).status === 0;
const skip = hasScript ? false : 'SKIPPED: script(1) is not on the PATH (Debian: bsdutils)';

const SLOW = { limitMs: 30_000 };

test('a closed terminal: the router stops with its own exit code, not by SIGABRT', { skip }, async () => {
  using folder = new TempFolder();
  const [pidFile, codeFile] = [folder.file('router.pid'), folder.file('code')];
  const router = [process.execPath, ...PROGRAM, '--host=127.0.0.1', '--port=0', `--pid-file=${pidFile}`];
  // the shell outlives the terminal, to record the exit of its child
  const command = `trap "" HUP; ${router.map((part) => `'${part}'`).join(' ')}; echo $? >'${codeFile}'`;
  const terminal = spawn('script', ['-qfc', command, '/dev/null'], { stdio: ['pipe', 'ignore', 'ignore'] });
  await poll('the router listens', () => existsSync(pidFile), SLOW);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  terminal.kill('SIGKILL');
  await new Promise((resolve) => terminal.once('close', resolve));
  process.kill(pid, 'SIGTERM');
  await poll('the router ends', () => existsSync(codeFile) && readFileSync(codeFile, 'utf8') !== '', SLOW);
  assert.equal(readFileSync(codeFile, 'utf8'), '0\n');
});
