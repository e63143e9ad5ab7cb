import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createConnection, createServer } from 'node:net';
import { poll } from './poll.ts';
import { TempFolder } from './temp.ts';

/** Why the tests with NATS are skipped, or false. */
export const WITHOUT_NATS: string | false =
  spawnSync('nats-server', ['--version']).status !== 0 && 'nats-server is not installed';

/** A currently free port. A server that restarts needs a fixed one. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A nats-server in a separate process, on the loopback interface. */
export class NatsServer implements AsyncDisposable {
  readonly port: number;
  private readonly folder = new TempFolder();
  private readonly config: string;
  private child: ChildProcess | null = null;

  private constructor(port: number, config: string) {
    this.port = port;
    this.config = config;
  }

  /** Starts a server with `config` in addition to its address. */
  static async start(config = '', port = 0): Promise<NatsServer> {
    const server = new NatsServer(port || (await freePort()), config);
    await server.start();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts the server on the same port as before. */
  async start(): Promise<void> {
    const file = this.folder.write('nats.conf', `listen: 127.0.0.1:${this.port}\n${this.config}\n`);
    this.child = spawn('nats-server', ['-c', file], { stdio: 'ignore' });
    await poll('nats-server to listen', () => this.accepts());
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Kills the server. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    this.folder.remove();
  }

  private accepts(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(this.port, '127.0.0.1');
      socket.once('data', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  }
}
