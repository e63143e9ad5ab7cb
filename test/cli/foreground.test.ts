import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { after, test } from 'node:test';
import { poll } from '../support/poll.ts';
import { TempFolder } from '../support/temp.ts';
import { spawnCli } from './run-cli.ts';

const folder = new TempFolder();
after(() => folder.remove());

/** A router in the foreground, until it is stopped. */
async function runUntilReady(args: readonly string[], env: Readonly<Record<string, string>>, ready: () => string) {
  const child = spawnCli(['--host', '127.0.0.1', '--port', '0', ...args], { env });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    const isReady = (): boolean => /Ready to accept connections/.test(`${output.stdout}${ready()}`);
    await poll('a router that is ready', isReady, { limitMs: 20_000 });
    child.kill('SIGTERM');
    return { code: await closed, ...output };
  } finally {
    child.kill('SIGKILL');
  }
}

test('the foreground: log on standard output, nothing on standard error, exit code 0 after a signal', async () => {
  const { code, stdout, stderr } = await runUntilReady([], { LC_ALL: 'ru_RU.UTF-8' }, () => '');
  assert.equal(code, 0);
  assert.equal(stderr, '');
  const lines = stdout.trimEnd().split('\n');
  for (const line of lines)
    assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d: [ -~]+$/, 'the format of the guide, in English');
  assert.match(lines[0] ?? '', /: ===== RPC Dart Router Daemon Startup =====$/);
  assert.match(lines.at(-1) ?? '', /: \[INFO\] RPC Dart Router stopped$/);
});

test('a JSON configuration, environment and flags: combined', async () => {
  const log = folder.file('router.log');
  const config = folder.write(
    'router.json',
    JSON.stringify({ 'log-file': log, 'log-level': 'error', 'log-format': 'json' }),
  );
  const text = (): string => (statSync(log, { throwIfNoEntry: false }) === undefined ? '' : readFileSync(log, 'utf8'));
  const { code, stdout, stderr } = await runUntilReady(['-c', config, '-v'], { ROUTER_LOG_FORMAT: 'text' }, text);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
  assert.match(text(), /\[INFO\] Log level: debug\n/);
  assert.equal(statSync(log).mode & 0o777, 0o600);
});
