import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { LogFields } from '../logging/logger.ts';
import { JobGuard } from './job-guard.ts';
import { MemoryReader } from './memory-reader.ts';

function makeGuard(): { readonly jobs: JobGuard; readonly logged: (LogFields | undefined)[] } {
  const logged: (LogFields | undefined)[] = [];
  return { logged, jobs: new JobGuard({ warnOnce: (_cause, _message, fields) => logged.push(fields) }) };
}

function fail(): never {
  throw new Error('EMFILE: too many open files');
}

test('job guard: a failed job is counted each time and logged once per outage', () => {
  const { jobs, logged } = makeGuard();
  for (let n = 0; n < 3; n++) assert.equal(jobs.run('sample', fail, 'instead'), 'instead');
  assert.deepEqual([jobs.failures.sample, logged.length], [3, 1]);
  assert.deepEqual(logged[0], { job: 'sample', error: 'EMFILE: too many open files' });
  assert.equal(
    jobs.run('sample', () => 'result', 'instead'),
    'result',
  );
  jobs.run('sample', fail, null);
  jobs.run('healthCheck', fail, null);
  assert.deepEqual([jobs.failures.sample, jobs.failures.healthCheck, logged.length], [4, 1, 3]);
});

test('resident memory: the last known value while unreadable, the peak before the first', () => {
  const { jobs } = makeGuard();
  const memory = new MemoryReader(jobs);
  const rss = mock.method(process.memoryUsage, 'rss', fail);
  try {
    const peak = memory.rssBytes();
    assert.ok(peak > 10 * 1024 * 1024 && peak < 4 * 1024 ** 3, `${peak}`);
    rss.mock.mockImplementation(() => 12_345 as never);
    assert.equal(memory.rssBytes(), 12_345);
    rss.mock.mockImplementation(fail);
    assert.equal(memory.rssBytes(), 12_345);
    assert.ok(memory.all().heapUsedBytes > 0);
    assert.equal(jobs.failures.memory, 3);
  } finally {
    rss.mock.restore();
  }
});
