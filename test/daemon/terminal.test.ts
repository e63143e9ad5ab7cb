import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { commandLine, DaemonFixture, signal } from './daemon-fixture.ts';

const hasScript = spawnSync('script', ['--version']).status === 0;
const skip = hasScript ? false : 'script(1) is not installed';
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const ESCAPE = /\u001b\[/;

test('output in a pipe: plain text without a spinner', async () => {
  await using fixture = new DaemonFixture();
  const { stdout, stderr } = await fixture.start();
  assert.doesNotMatch(stdout + stderr, ESCAPE);
  assert.doesNotMatch(stdout, /\r|⠋|⠙/);
});

test('output on a terminal: colours, a spinner and a countdown', { skip }, async () => {
  await using fixture = new DaemonFixture();
  const started = onTerminal(fixture, ['--daemon-start', ...fixture.options, '--no-log-rotation', '--lang', 'ru']);
  assert.match(started, /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] Ожидание готовности роутера…/);
  assert.ok(started.includes(`\u001b[32m✅ Daemon запущен с PID: ${fixture.pid}`), started);
  signal(fixture.pid, 'SIGSTOP');
  const stopped = onTerminal(fixture, ['--daemon-stop', '--lang', 'ru']);
  for (const seconds of [10, 9, 5, 1]) assert.match(stopped, new RegExp(`SIGKILL через ${seconds} с`));
  assert.match(stopped, /✅ Daemon принудительно остановлен \(SIGKILL\)/);
});

test('NO_COLOR: no colours', { skip }, async () => {
  await using fixture = new DaemonFixture();
  const output = onTerminal(fixture, ['--daemon-status', ...fixture.paths], { NO_COLOR: '1' });
  assert.match(output, /❌ Daemon is not running/);
  assert.doesNotMatch(output, ESCAPE);
});

/** Output of a command on a terminal created by script(1). */
function onTerminal(
  fixture: DaemonFixture,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const command = commandLine(args)
    .map((part) => `'${part}'`)
    .join(' ');
  const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
    env: { ...fixture.environment(), TERM: 'xterm', ...env },
    encoding: 'utf8',
  });
  return stdout;
}
