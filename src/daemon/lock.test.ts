import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TempFolder } from '../../test/support/temp.ts';
import { type Lock, takeLock } from './lock.ts';

const TIMEOUT_MS = 100;
const STATE = 'rpc-dart-router';
const LOCK_MODULE = new URL('./lock.ts', import.meta.url).href;

class LockFixture implements Disposable {
  readonly folder = new TempFolder();
  readonly env = { PM2_HOME: this.folder.path };
  readonly path = join(this.folder.path, STATE, 'lock');

  leave(content: string): void {
    mkdirSync(join(this.folder.path, STATE), { recursive: true });
    writeFileSync(this.path, content);
    utimesSync(this.path, 1e9, 1e9);
  }

  take(): Promise<Lock> {
    return takeLock(this.env, TIMEOUT_MS);
  }

  get files(): string[] {
    return readdirSync(join(this.folder.path, STATE));
  }

  [Symbol.dispose](): void {
    this.folder.remove();
  }
}

function release(lock: Lock): void {
  assert.ok('release' in lock, JSON.stringify(lock));
  lock.release();
}

test('takeLock: excludes other commands until released, returns path and owner', async () => {
  using fixture = new LockFixture();
  const first = await fixture.take();
  assert.deepEqual(await fixture.take(), { path: fixture.path, pid: process.pid });
  release(first);
  assert.deepEqual(fixture.files, []);
  release(await fixture.take());
});

test('takeLock: ignores stale files: empty, without a pid, of an ended process, with a reused pid', async () => {
  using fixture = new LockFixture();
  const { pid = 0 } = await endedProcess();
  for (const content of ['', '\n', 'garbage', `${pid}\n`, '1\n', `${process.pid} 00000000:1\n`, `${pid} x:1\n`]) {
    fixture.leave(content);
    const started = performance.now();
    release(await takeLock(fixture.env, 30_000));
    assert.ok(performance.now() - started < 10_000, JSON.stringify(content));
    assert.deepEqual(fixture.files, [], JSON.stringify(content));
  }
});

test('takeLock: respects the lock of a running older version (a pid only)', async () => {
  using fixture = new LockFixture();
  const command = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '/main.js'], { stdio: 'ignore' });
  await once(command, 'spawn');
  fixture.leave(`${command.pid}\n`);
  assert.deepEqual(await fixture.take(), { path: fixture.path, pid: command.pid });
  command.kill('SIGKILL');
  await once(command, 'exit');
  release(await fixture.take());
});

test('takeLock: ignores the lock of a killed owner', async () => {
  using fixture = new LockFixture();
  const owner = startOwner(fixture.folder.path);
  await once(owner.stdout ?? owner, 'data');
  assert.deepEqual(await fixture.take(), { path: fixture.path, pid: owner.pid });
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  assert.ok(existsSync(fixture.path));
  release(await fixture.take());
});

test('takeLock: one of many gets a stale lock', async () => {
  using fixture = new LockFixture();
  const { pid = 0 } = await endedProcess();
  fixture.leave(`${pid} x:1\n`);
  let holders = 0;
  const turns = Array.from({ length: 8 }, async () => {
    const lock = await takeLock(fixture.env, 30_000);
    holders++;
    assert.equal(holders, 1);
    assert.match(readFileSync(fixture.path, 'utf8'), new RegExp(`^${process.pid} `));
    await new Promise((resolve) => setImmediate(resolve));
    holders--;
    release(lock);
  });
  await Promise.all(turns);
});

async function endedProcess(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child;
}

function startOwner(home: string): ChildProcess {
  const script = `const { takeLock } = await import(${JSON.stringify(LOCK_MODULE)});
await takeLock({ PM2_HOME: ${JSON.stringify(home)} }, 0); console.log('held'); setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
