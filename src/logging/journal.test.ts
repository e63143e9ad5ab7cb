import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { poll } from '../../test/support/poll.ts';
import { TempFolder } from '../../test/support/temp.ts';
import { JournalStream } from './journal.ts';

const HEADER = 'router\n\n6\n1\n0\n0\n0\n';

/** Accepts lines like journald: closes its sending side of each stream at once. */
class Journald implements AsyncDisposable {
  readonly streams: string[] = [];
  private readonly sockets: Socket[] = [];
  private readonly server: Server = createServer({ allowHalfOpen: true }, (socket) => this.accept(socket));

  static async listen(path: string): Promise<Journald> {
    const journald = new Journald();
    journald.server.listen(path);
    await once(journald.server, 'listening');
    return journald;
  }

  /** Received lines of all streams. */
  get text(): string {
    return this.streams.join('');
  }

  stopReading(): void {
    for (const socket of this.sockets) socket.pause();
  }

  readAgain(): void {
    for (const socket of this.sockets) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }

  private accept(socket: Socket): void {
    const index = this.streams.push('') - 1;
    this.sockets.push(socket);
    socket.on('error', () => {});
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.streams[index] += text;
    });
    socket.end();
  }
}

test('journal: lines follow the header, each with the priority of its level', async () => {
  using folder = new TempFolder();
  await using journald = await Journald.listen(folder.file('stdout'));
  const journal = new JournalStream({ identifier: 'router', socketPath: folder.file('stdout') });
  for (const level of ['debug', 'info', 'warning', 'error', 'critical'] as const) journal.write(level, `${level}\n`);
  journal.write('info', 'without a line break');
  await journal.close();
  const expected = '<7>debug\n<6>info\n<4>warning\n<3>error\n<2>critical\n<6>without a line break\n';
  await poll('all lines', () => journald.text === HEADER + expected);
  assert.equal(journal.linesLost, 0);
});

test('journal: lines arrive after journald has closed its sending side', async () => {
  using folder = new TempFolder();
  await using journald = await Journald.listen(folder.file('stdout'));
  const journal = new JournalStream({ identifier: 'router', socketPath: folder.file('stdout') });
  journal.write('info', 'first');
  await poll('the first line', () => journald.text.endsWith('<6>first\n'));
  journal.write('info', 'second');
  await poll('the second line', () => journald.text.endsWith('<6>second\n'));
  assert.equal(journald.streams.length, 1);
  await journal.close();
});

test('journal: lines written without journald arrive when it is available', async () => {
  using folder = new TempFolder();
  const journal = new JournalStream({ identifier: 'router', socketPath: folder.file('stdout') });
  journal.write('warning', 'early');
  await using journald = await Journald.listen(folder.file('stdout'));
  await poll('the line', () => journald.text === `${HEADER}<4>early\n`);
  await journal.close();
});

test('journal: opens a new stream after a restart of journald', async () => {
  using folder = new TempFolder();
  const path = folder.file('stdout');
  const journal = new JournalStream({ identifier: 'router', socketPath: path });
  {
    await using before = await Journald.listen(path);
    journal.write('info', 'before');
    await poll('the line before', () => before.text.endsWith('<6>before\n'));
  }
  await using after = await Journald.listen(path);
  await poll('a line after', () => {
    journal.write('info', 'after');
    return after.text.includes('<6>after\n');
  });
  assert.ok(after.text.startsWith(HEADER));
  await journal.close();
});

test('journal: a long outage drops the oldest lines, and a notice counts them', async () => {
  using folder = new TempFolder();
  const journal = new JournalStream({ identifier: 'router', socketPath: folder.file('stdout') });
  const line = 'x'.repeat(10_000);
  for (let index = 0; index < 200; index++) journal.write('info', `${index} ${line}`);
  const { linesLost } = journal;
  assert.ok(linesLost > 90 && linesLost < 110, `${linesLost}`);
  await using journald = await Journald.listen(folder.file('stdout'));
  await poll('the last line', () => journald.text.includes('<6>199 '));
  assert.ok(journald.text.includes(`<4>(${linesLost} log lines before this one did not reach the journal)\n`));
  assert.ok(!journald.text.includes('<6>0 x'));
  await journal.close();
});

test('journal: a journald that does not read blocks nothing; queued lines arrive later', async () => {
  using folder = new TempFolder();
  await using journald = await Journald.listen(folder.file('stdout'));
  const journal = new JournalStream({ identifier: 'router', socketPath: folder.file('stdout') });
  journal.write('info', 'first');
  await poll('the first line', () => journald.text.endsWith('<6>first\n'));
  journald.stopReading();
  const line = 'y'.repeat(10_000);
  for (let index = 0; index < 500; index++) journal.write('info', `${index} ${line}`);
  assert.ok(journal.linesLost > 0, 'memory would grow without bound');
  journald.readAgain();
  await poll('the last line', () => journald.text.includes('<6>499 '));
  const arrived = journald.text.split('\n').filter((text) => text.endsWith(line)).length;
  assert.equal(arrived + journal.linesLost, 500);
  await journal.close();
});

test('journal: close completes without journald', async () => {
  using folder = new TempFolder();
  const journal = new JournalStream({ identifier: 'router', socketPath: folder.file('nowhere') });
  journal.write('info', 'lost');
  await journal.close();
  journal.write('info', 'after the end');
  assert.equal(journal.linesLost, 1);
});
