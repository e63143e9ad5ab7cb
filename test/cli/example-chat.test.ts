import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { poll } from '../support/poll.ts';
import { ROOT } from '../support/program.ts';
import { RouterProcess } from '../support/router-process.ts';
import { TempFolder } from '../support/temp.ts';

const folder = new TempFolder();
let router: RouterProcess;
before(async () => {
  router = await RouterProcess.start(['--auth-tokens-file', folder.write('tokens', 'chat: s3cret\n')]);
});
after(async () => {
  await router.stop();
  folder.remove();
});

/** examples/chat.mjs with scripted input. */
class Chat implements Disposable {
  output = '';
  readonly child: ChildProcess;

  constructor(name: string, token = 's3cret', port = router.port) {
    const args = ['examples/chat.mjs', '--name', name, '--address', `127.0.0.1:${port}`, '--token', token];
    this.child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
  }

  type(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  async reads(text: string | RegExp): Promise<void> {
    await poll(`${text} in the chat`, () => new RegExp(text).test(this.output), { limitMs: 10_000 });
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL');
  }
}

test('the example chat: broadcast, unicast, request, client list, presence events', async () => {
  using alice = new Chat('alice');
  await alice.reads(/You are alice\. Here: alice\. Type/);
  using bob = new Chat('bob');
  await bob.reads(/You are bob\. Here: alice, bob\. Type/);
  await alice.reads(/^\+ bob$/m);
  bob.type('hello');
  await alice.reads(/^bob: hello$/m);
  alice.type('@bob psst');
  await bob.reads(/^alice \(to you\): psst$/m);
  bob.type('?alice');
  await bob.reads(/^alice: \d{4}-\d\d-\d\dT/m);
  bob.type('@nobody hello');
  await bob.reads(/^! No client is called nobody: \/who lists them$/m);
  bob.type('/help');
  await bob.reads(/^ {2}@bob hello +sends to bob only/m);
  bob.type('/dance');
  await bob.reads(/^! Unknown command \/dance: \/help lists them$/m);
  bob.type('/who');
  await bob.reads(/^alice, bob$/m);
  bob.child.stdin?.end();
  const [code] = await once(bob.child, 'close');
  assert.equal(code, 0);
  await alice.reads(/^- bob \(Session ended\)$/m);
});

test('the example chat: prints why it cannot join', async () => {
  using stranger = new Chat('stranger', 'wrong');
  const [code] = await once(stranger.child, 'close');
  assert.match(stranger.output, /^Cannot join at 127\.0\.0\.1:\d+: .*token/);
  assert.equal(code, 1);
});

test('the example chat without a router: prints address and advice without a stack trace', async () => {
  // bound but not listening: a port that refuses connections
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  using chat = new Chat('early', '', port);
  const [code] = await once(chat.child, 'close');
  assert.match(chat.output, new RegExp(`^No router answers at 127\\.0\\.0\\.1:${port}\\.\nStart one`));
  assert.doesNotMatch(chat.output, /\bat .*\.mjs/);
  assert.equal(code, 1);
});

test('the example chat: reconnects after a restart of the router', async () => {
  const first = await RouterProcess.start();
  const { port } = first;
  using chat = new Chat('alice', '', port);
  await chat.reads(/You are alice/);
  await first.stop();
  await chat.reads(/^! Disconnected: .*Reconnecting/m);
  await using _second = await RouterProcess.start(['--port', String(port)]);
  await chat.reads(/^Connected again\. Here: alice$/m);
  chat.type('/who');
  await chat.reads(/^alice$/m);
  chat.type('/quit');
  const [code] = await once(chat.child, 'close');
  assert.equal(code, 0);
});
