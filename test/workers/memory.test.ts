import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_CONFIG } from '../../src/config/index.ts';
import { Logger } from '../../src/logging/index.ts';
import { bindSocket } from '../../src/net/index.ts';
import { WorkerPool } from '../../src/workers/worker-pool.ts';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { PROGRAM } from '../support/program.ts';
import { TempFolder } from '../support/temp.ts';

/** A log that keeps its lines. */
function recordingLog(lines: string[]): Logger {
  const write = (line: string): void => void lines.push(line);
  return new Logger({
    level: 'info',
    format: 'text',
    destination: { write, linesLost: 0, reopen: () => {}, close: () => {} },
  });
}

test('a worker beyond its share of the memory is replaced: the new one serves before the old one drains', async () => {
  using links = new TempFolder();
  const lines: string[] = [];
  let limitBytes: number | null = null;
  const pool = new WorkerPool(
    {
      count: 1,
      log: recordingLog(lines),
      env: process.env,
      config: () => ({ ...DEFAULT_CONFIG, host: '127.0.0.1' }),
      memoryLimitBytes: () => limitBytes,
      sessionKey: Buffer.alloc(32, 1).toString('base64'),
      linkFolder: links.path,
    },
    [process.execPath, ...PROGRAM],
    [10],
  );
  try {
    const socket = await bindSocket('127.0.0.1', 0);
    await pool.start(socket);
    const [before] = pool.serving;
    using client = await DartClient.join(socket.address.port);
    await poll('a status', () => (before?.status?.memory.rssBytes ?? 0) > 0);
    limitBytes = 1;
    await poll('the replacement', () => pool.restarts.memory === 1);
    limitBytes = null;
    assert.equal((await client.p2p.stream.whenEnded).status, 14, 'UNAVAILABLE');
    using next = await DartClient.join(socket.address.port);
    assert.notEqual(pool.serving[0]?.pid, before?.pid);
    assert.ok(lines.some((line) => /more than its share of max-memory, it is replaced worker=1/.test(line)));
    next.connection.destroy();
  } finally {
    await pool.dispose();
  }
});
