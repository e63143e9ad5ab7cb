import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import type { RouterStatus } from '../../src/telemetry/status.ts';
import { DartClient } from '../support/dart-client.ts';
import { poll } from '../support/poll.ts';
import { TempFolder } from '../support/temp.ts';
import { environmentOf, healthCheckOf, only } from './dockerfile.ts';
import { ImageTree, skipWithoutNamespaces } from './image-tree.ts';

const options = { skip: skipWithoutNamespaces() };
const PATIENT = { limitMs: 20_000 };

let folder: TempFolder;
let image: ImageTree;
before(() => {
  if (options.skip !== false) return;
  folder = new TempFolder();
  image = new ImageTree(folder);
});
after(() => folder?.remove());

/** The image's entry point as PID 1 of a namespace, with a read-only root and a tmpfs, as the image's user. */
class Container implements AsyncDisposable {
  output = '';
  readonly exited: Promise<unknown[]>;
  private readonly outer: ChildProcess;

  constructor(args: readonly string[]) {
    const entry = JSON.parse(only(image.stage, 'ENTRYPOINT')) as string[];
    const script = image.script(only(image.stage, 'USER'), this.environment, [...entry.map(nodeHere), ...args]);
    this.outer = spawn('unshare', ['--mount', '--pid', '--fork', 'sh', '-c', script]);
    for (const stream of [this.outer.stdout, this.outer.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.exited = once(this.outer, 'close');
  }

  get environment(): Record<string, string> {
    return environmentOf(image.stage);
  }

  /** Pid of its PID 1 on the host. */
  get pid(): number {
    return Number(readFileSync(`/proc/${this.outer.pid}/task/${this.outer.pid}/children`, 'utf8'));
  }

  /** Runs a command inside, by default as the image's user; its exit code and output. */
  run(command: readonly string[], user = only(image.stage, 'USER')): { code: number | null; output: string } {
    const [uid = '', gid = ''] = user.split(':');
    const namespaces = ['--target', String(this.pid), '--mount', '--pid', '--root', '--wd'];
    const { status, stdout, stderr } = spawnSync(
      'nsenter',
      [...namespaces, '--setuid', uid, '--setgid', gid, ...command.map(nodeHere)],
      { encoding: 'utf8' },
    );
    return { code: status, output: stdout + stderr };
  }

  healthCheck(): { code: number | null; output: string } {
    return this.run(healthCheckOf(image.stage));
  }

  async untilHealthy(): Promise<void> {
    try {
      await poll('the health check to succeed', () => this.healthCheck().code === 0, PATIENT);
    } catch (cause) {
      throw new Error(`${this.output}\n${this.healthCheck().output}`, { cause });
    }
  }

  async status(): Promise<RouterStatus> {
    const socketPath = `/proc/${this.pid}/root${this.environment.ROUTER_CONTROL_SOCKET}`;
    const call = request({ socketPath, path: '/api/status' }).end();
    const [response] = await once(call, 'response');
    let body = '';
    for await (const chunk of response) body += chunk;
    return JSON.parse(body);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // PID 1 takes all of its namespace with it, and unshare ends when it has ended
    if (this.outer.exitCode === null && this.outer.signalCode === null) this.signal('SIGKILL');
    await this.exited;
  }
}

/** In the tree of this test the binary of the base image has another path. */
const nodeHere = (word: string): string => (word === 'node' ? '/node' : word);

const ARGS = ['--host', '127.0.0.1', '--port', '0'];

test('the image: runs as PID 1, as its user, with a read-only root', options, async () => {
  await using container = new Container(ARGS);
  await container.untilHealthy();
  const status = await container.status();
  assert.deepEqual([status.pid, status.state], [1, 'ready']);
  assert.match(readFileSync(`/proc/${container.pid}/status`, 'utf8'), /^Uid:\s+10001\s+10001\s+10001\s+10001$/m);
  for (const path of ['/app/file', '/etc/file', '/tmp/file', '/file']) {
    const attempt = container.run(['touch', path], '0:0');
    assert.match(attempt.output, /Read-only file system/, path);
  }
  const port = status.listening.find(({ purpose }) => purpose === 'grpc')?.port ?? 0;
  using alice = await DartClient.join(port);
  using bob = await DartClient.join(port);
  alice.unicast(bob.id, { hello: true });
  assert.equal((await bob.next(({ type }) => type === 'unicast')).message.senderId, alice.id);
});

test('the image: SIGHUP reloads, SIGTERM stops gracefully with clients connected', options, async () => {
  await using container = new Container([...ARGS, '--shutdown-timeout', '600']);
  await container.untilHealthy();
  const { listening } = await container.status();
  using client = await DartClient.join(listening[0]?.port ?? 0);
  container.signal('SIGHUP');
  await poll('the reload', async () => (await container.status()).reload.count === 1, PATIENT);
  container.signal('SIGTERM');
  const [code] = await container.exited;
  assert.equal(code, 0, container.output);
  assert.match(container.output, /[Ss]hut|[Ss]topp/);
  assert.ok(client.id.startsWith('client_'));
});

test('the image with an unwritable folder: prints its path, exit code 1', options, async () => {
  await using container = new Container([...ARGS, '--control-socket', '/app/router.sock']);
  const [code] = await container.exited;
  assert.notEqual(code, 0);
  assert.match(container.output, /\/app\/router\.sock.*EROFS|EROFS.*\/app\/router\.sock/s);
});

test('the image: contains no PM2, development packages or tests', options, () => {
  const find = (folder: string, pattern: string) =>
    execFileSync('find', [`${image.root}/app/${folder}`, '-name', pattern], { encoding: 'utf8' });
  for (const name of ['pm2', 'typescript', 'playwright-core']) assert.equal(find('node_modules', name), '', name);
  assert.equal(find('dist', '*.test.js'), '');
  assert.notEqual(find('dist', 'main.js'), '');
});
