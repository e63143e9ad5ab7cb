import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogDestination } from './log-destination.ts';
import { Logger, type LoggerOptions } from './logger.ts';

/** Collects lines; `linesLost` simulates a full disk. */
class Lines implements LogDestination {
  readonly lines: string[] = [];
  linesLost = 0;
  closed = false;
  write(line: string): void {
    this.lines.push(line);
  }
  reopen(): void {}
  close(): void {
    this.closed = true;
  }
}

const START = new Date(2025, 5, 14, 21, 30, 15);

function makeLogger(options: Partial<LoggerOptions> = {}): {
  log: Logger;
  lines: string[];
  passMs: (ms: number) => void;
} {
  const destination = new Lines();
  let now = START.getTime();
  const log = new Logger({ level: 'info', format: 'text', destination, now: () => new Date(now), ...options });
  return {
    log,
    lines: destination.lines,
    passMs: (ms) => {
      now += ms;
    },
  };
}

test('text lines: local time, level, message, fields, as in the guide', () => {
  const { log, lines } = makeLogger();
  log.info('Ready to accept connections');
  log.warning('Something', { count: 3, name: 'a b', nothing: null, flag: true });
  log.plain('===== RPC Dart Router Daemon Startup =====');
  assert.deepEqual(lines, [
    '2025-06-14T21:30:15: [INFO] Ready to accept connections\n',
    '2025-06-14T21:30:15: [WARNING] Something count=3 name="a b" nothing=null flag=true\n',
    '2025-06-14T21:30:15: ===== RPC Dart Router Daemon Startup =====\n',
  ]);
});

test('JSON lines: the same with ISO time and typed values', () => {
  const { log, lines } = makeLogger({ format: 'json' });
  log.error('Something', { name: 'a\nb', count: 3 });
  log.plain('banner');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    [
      { level: 'error', time: START.toISOString(), name: 'a\nb', count: 3, msg: 'Something' },
      { level: 'info', time: START.toISOString(), msg: 'banner' },
    ],
  );
});

test('logger: each level suppresses lower levels; none suppresses all', () => {
  const levels = ['debug', 'info', 'warning', 'error', 'critical', 'none'] as const;
  for (const [n, level] of levels.entries()) {
    const { log, lines } = makeLogger({ level });
    log.debug('1');
    log.info('2');
    log.warning('3');
    log.error('4');
    log.critical('5');
    assert.equal(lines.length, 5 - n, level);
    assert.equal(log.isDebug, level === 'debug');
  }
  const { log, lines } = makeLogger({ level: 'none' });
  log.plain('banner');
  assert.deepEqual(lines, []);
});

test('logger: control characters in values are escaped once', () => {
  const { log, lines } = makeLogger();
  const escapeCode = String.fromCharCode(27);
  const separator = String.fromCharCode(0x2028);
  log.info(`a\nb${escapeCode}`, {
    name: `x\ny${escapeCode}${separator}`,
    path: 'C:\\x',
    equals: 'a=b',
    empty: '',
    quote: '"',
  });
  const fields = String.raw`name="x\ny\u001b\u2028" path="C:\\x" equals="a=b" empty="" quote="\""`;
  assert.deepEqual(lines, [`${String.raw`2025-06-14T21:30:15: [INFO] a\u000ab\u001b ${fields}`}\n`]);
});

test('logOnce: a cause is logged once, counted, and summarized a minute later', () => {
  const { log, lines, passMs } = makeLogger();
  for (let n = 0; n < 5; n++) log.warnOnce('cause', 'Refused', { n });
  log.warnOnce('other', 'Something else');
  passMs(59_999);
  log.warnOnce('cause', 'Refused', { n: 5 });
  assert.equal(lines.length, 2);
  passMs(1);
  log.warnOnce('cause', 'Refused', { n: 6 });
  assert.match(lines[2] ?? '', /\[WARNING\] Refused n=6 suppressed=5\n$/);
});

test('logOnce: the number of remembered causes is limited', () => {
  const { log, lines } = makeLogger();
  for (let n = 0; n < 5000; n++) log.warnOnce(`cause ${n}`, 'Refused');
  assert.equal(lines.length, 5000);
  log.warnOnce('cause 4999', 'Refused');
  assert.equal(lines.length, 5000, 'the newest are remembered');
});

test('logger: toggleDebug overrides the configured level', () => {
  const { log, lines } = makeLogger({ level: 'error' });
  assert.equal(log.toggleDebug(), true);
  log.debug('seen');
  log.level = 'warning';
  log.debug('seen as well');
  assert.equal(log.toggleDebug(), false);
  log.debug('hidden');
  log.info('hidden');
  log.warning('seen');
  assert.equal(lines.length, 3);
  assert.equal(log.level, 'warning');
});

test('logger: replaceDestination closes the old one; lost lines of both are counted', () => {
  const [first, second] = [new Lines(), new Lines()];
  const { log } = makeLogger({ destination: first });
  first.linesLost = 2;
  log.replaceDestination(second);
  second.linesLost = 3;
  log.info('here');
  assert.deepEqual([first.closed, first.lines.length, second.lines.length, log.linesLost], [true, 0, 1, 5]);
});

test('logger: the tap receives every line with its level', () => {
  const tapped: [string, string][] = [];
  const { log, lines } = makeLogger({ tap: (level, line) => tapped.push([level, line]) });
  log.critical('bad');
  log.plain('banner');
  assert.deepEqual(tapped, [
    ['critical', lines[0]],
    ['info', lines[1]],
  ]);
});
