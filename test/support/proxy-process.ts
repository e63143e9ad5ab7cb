import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { poll } from './poll.ts';
import { TempFolder } from './temp.ts';

export interface Ports {
  readonly proxy: number;
  readonly router: number;
}

export interface ProxyKind {
  readonly name: string;
  /** The arguments, with the configuration written into `folder`. */
  args(folder: TempFolder, ports: Ports): string[];
}

/** The reason to skip a test where `name` is missing. */
export function skipWithout(name: string): string | false {
  return spawnSync(name, ['-v']).status !== 0 && `${name} is not installed`;
}

/** A proxy in the foreground, ended with its process. */
export class ProxyProcess implements AsyncDisposable {
  readonly port: number;
  private readonly child: ChildProcess;
  private readonly folder: TempFolder;

  private constructor(child: ChildProcess, folder: TempFolder, port: number) {
    this.child = child;
    this.folder = folder;
    this.port = port;
  }

  static async start(kind: ProxyKind, router: number, port: number): Promise<ProxyProcess> {
    const folder = new TempFolder();
    const child = spawn(kind.name, kind.args(folder, { proxy: port, router }), { stdio: ['ignore', 'pipe', 'pipe'] });
    const proxy = new ProxyProcess(child, folder, port);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk;
      });
    }
    try {
      await poll(`${kind.name} to listen`, () => {
        assert.equal(child.exitCode, null, output);
        return accepts(port);
      });
    } catch (error) {
      await proxy[Symbol.asyncDispose]();
      throw error;
    }
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await exited;
    }
    this.folder.remove();
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).then((accepted) => {
    socket.destroy();
    return accepted === true;
  });
}

/** A recently free port: neither proxy can report a port that it chose itself. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
