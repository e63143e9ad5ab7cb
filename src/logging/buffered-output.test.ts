import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poll } from '../../test/support/poll.ts';
import { BufferedOutput } from './buffered-output.ts';

function collecting(): { output: BufferedOutput; lines: string[] } {
  const lines: string[] = [];
  const inner = { write: (line: string) => lines.push(line), reopen() {}, close() {}, linesLost: 0 };
  return { output: new BufferedOutput({ ...inner, write: (line) => void inner.write(line) }), lines };
}

test('buffered output: writes at once unless held', async () => {
  const { output, lines } = collecting();
  output.write('1');
  output.hold();
  output.write('2');
  output.writeUnbuffered('marker');
  assert.deepEqual(lines, ['1', 'marker']);
  output.release();
  await poll('the rest', () => lines.length === 3);
  output.write('3');
  assert.deepEqual(lines, ['1', 'marker', '2', '3']);
});

test('buffered output: writes chunks in order', async () => {
  const { output, lines } = collecting();
  output.hold();
  for (let i = 0; i < 100; i++) output.write(`${i} ${'.'.repeat(1000)}`);
  output.release();
  assert.ok(lines.length > 0 && lines.length < 20, String(lines.length));
  output.write('last');
  await poll('all of it', () => lines.length === 101);
  assert.deepEqual(
    lines.map((line) => line.split(' ')[0]),
    [...Array.from({ length: 100 }, (_, i) => String(i)), 'last'],
  );
});

test('buffered output: nested holds flush at the end and are bounded', () => {
  const { output, lines } = collecting();
  output.hold();
  output.write('1');
  output.release();
  output.hold();
  output.write('2');
  output.flush();
  assert.deepEqual(lines, ['1', '2']);
  output.hold();
  const big = '.'.repeat(1024 * 1024);
  for (let i = 0; i < 10; i++) output.write(big);
  assert.ok(lines.length > 2, 'beyond its limit nothing is buffered');
});
