import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ClientFraming } from '../../test/support/framing.ts';
import { RouterProcess } from '../../test/support/router-process.ts';
import { TempFolder } from '../../test/support/temp.ts';
import { LoadClient, type LoadConnection } from './load-client.ts';
import { cpuMicroseconds } from './process-usage.ts';
import { WebSocketLoadClient } from './websocket-load-client.ts';

/** A measured server in a separate process. */
export interface MeasuredServer extends AsyncDisposable {
  readonly name: string;
  /** Run time of its processes so far. */
  cpuMicroseconds(): number;
  /** Clients that send to each other; for an echo each is its own peer. */
  pairs(count: number, framing: ClientFraming): Promise<Pair[]>;
  /** One sender and the receivers of its broadcasts; null for a server without broadcasts. */
  readonly fanOut: ((receivers: number, framing: ClientFraming) => Promise<FanOut>) | null;
}

/** Frames from `sender` reach `receiver`. */
export interface Pair {
  readonly sender: LoadConnection;
  readonly receiver: LoadConnection;
  readonly frame: Buffer;
}

export interface FanOut {
  readonly sender: LoadConnection;
  readonly receivers: readonly LoadConnection[];
  readonly frame: Buffer;
}

/** Number of clients that connect concurrently. */
const CONNECT_AT_ONCE = 100;

/** About 370 bytes of CBOR, like typical messages of an application. */
const PAYLOAD = {
  seq: 100_000,
  kind: 'order.update',
  qty: 12,
  ok: true,
  tags: ['alpha', 'beta', 'gamma'],
  meta: { region: 'eu-1', retry: 0 },
  text: 'x'.repeat(136),
};
const TIMESTAMP = 1_790_000_000_000;

export interface RouterClient {
  readonly client: LoadConnection;
  readonly id: string;
}

/** How clients connect: over HTTP/2 or WebSocket. */
export type Protocol = 'http2' | 'websocket';

function connectBy(protocol: Protocol, port: number, framing: ClientFraming): Promise<LoadConnection> {
  return protocol === 'http2' ? LoadClient.connect(port, framing) : WebSocketLoadClient.connect(port, framing);
}

export interface ConnectOptions {
  readonly groups?: readonly string[];
  readonly protocol?: Protocol;
  readonly token?: string | null;
}

/** Registers a client and opens its p2p stream. */
export async function connectClient(
  port: number,
  framing: ClientFraming,
  name: string,
  { groups = [], protocol = 'http2', token = null }: ConnectOptions = {},
): Promise<RouterClient> {
  const client = await connectBy(protocol, port, framing);
  const metadata = token === null ? {} : { token };
  const answer = await client.call('/router/register', { clientName: name, groups, metadata });
  if (answer.success !== true || typeof answer.clientId !== 'string') throw new Error('register was refused');
  const id = answer.clientId;
  await client.open('/router/p2p', { type: 'heartbeat', senderId: id, payload: {}, timestamp: Date.now() });
  return { client, id };
}

/** Connects `count` clients, `atOnce` at a time. */
export function connectClients(
  port: number,
  framing: ClientFraming,
  count: number,
  { atOnce = CONNECT_AT_ONCE, ...options }: ConnectOptions & { readonly atOnce?: number } = {},
): Promise<RouterClient[]> {
  return inBatches(count, (index) => connectClient(port, framing, `bench-${index}`, options), atOnce);
}

export function unicastFrame(sender: RouterClient, target: RouterClient): Buffer {
  const { id: senderId } = sender;
  return sender.client.frame({
    type: 'unicast',
    senderId,
    targetId: target.id,
    payload: PAYLOAD,
    timestamp: TIMESTAMP,
  });
}

/** A multicast to `group`. */
export function multicastFrame({ client, id }: RouterClient, group: string): Buffer {
  return client.frame({
    type: 'multicast',
    senderId: id,
    groupName: group,
    payload: PAYLOAD,
    timestamp: TIMESTAMP,
  });
}

const BASIC_OPTIONS = ['--max-connections', '20000', '--log-level', 'error', '--metrics', '--metrics-port', '0'];

/** The built router with default options. */
export class RouterServer implements MeasuredServer {
  readonly name: string;
  readonly process: RouterProcess;
  private readonly connectOptions: ConnectOptions;

  private constructor(router: RouterProcess, connectOptions: ConnectOptions = {}, name = 'router') {
    this.process = router;
    this.connectOptions = connectOptions;
    this.name = name;
  }

  /** The same router, measured by clients of `protocol`. */
  by(protocol: Protocol): RouterServer {
    return new RouterServer(this.process, { protocol }, `router, ${protocol}`);
  }

  static async start(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<RouterServer> {
    return new RouterServer(await RouterProcess.start([...BASIC_OPTIONS, ...args], { env }));
  }

  /** Starts another build of the router. `main` is its `dist/main.js`. */
  static async startBuild(main: string): Promise<RouterServer> {
    return new RouterServer(await RouterProcess.start(BASIC_OPTIONS, { program: [main] }), {}, 'other build');
  }

  /** Starts a router with an access file, whose role allows only the messages of the scenarios. */
  static async startGuarded(): Promise<RouterServer> {
    const folder = new TempFolder();
    const token = 'token-of-the-bench-0123456789';
    const roles = { bench: { allow: ['send', 'broadcast', 'join:room.*'] } };
    const tokens = [{ name: 'bench', role: 'bench', token }];
    const file = folder.write('access.yaml', JSON.stringify({ roles, tokens }));
    const router = await RouterProcess.start([...BASIC_OPTIONS, '--access-file', file], { folder });
    return new RouterServer(router, { token }, 'router, roles');
  }

  get pid(): number {
    return this.process.pid;
  }

  cpuMicroseconds(): number {
    return cpuMicroseconds(this.pid);
  }

  async pairs(count: number, framing: ClientFraming): Promise<Pair[]> {
    const clients = await connectClients(this.process.port, framing, 2 * count, this.connectOptions);
    return Array.from({ length: count }, (_, index) => {
      const sender = clients[2 * index] as RouterClient;
      const receiver = clients[2 * index + 1] as RouterClient;
      return { sender: sender.client, receiver: receiver.client, frame: unicastFrame(sender, receiver) };
    });
  }

  readonly fanOut = async (count: number, framing: ClientFraming): Promise<FanOut> => {
    const receivers = await connectClients(this.process.port, framing, count, this.connectOptions);
    const { client: sender, id } = await connectClient(this.process.port, framing, 'bench-sender', this.connectOptions);
    const frame = sender.frame({ type: 'broadcast', senderId: id, payload: PAYLOAD, timestamp: TIMESTAMP });
    return { sender, receivers: receivers.map(({ client }) => client), frame };
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop();
  }
}

/** Starts a one-file server in a separate process; resolves with the process and its port. */
async function startServer(file: string): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { execArgv: [] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: { port: number }) => resolve(message.port));
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
  });
  return { child, port };
}

const ANY_ID = 'client_00000000-0000-0000-0000-000000000000';
const ANY_MESSAGE = { type: 'unicast', senderId: ANY_ID, targetId: ANY_ID, payload: PAYLOAD, timestamp: TIMESTAMP };

/** The bare grpc-js echo. */
export class EchoServer implements MeasuredServer {
  readonly name: string = 'echo';
  readonly fanOut: MeasuredServer['fanOut'] = null;
  protected readonly child: ChildProcess;
  protected readonly port: number;

  protected constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
  }

  static async start(): Promise<EchoServer> {
    const { child, port } = await startServer('echo-main.mjs');
    return new EchoServer(child, port);
  }

  cpuMicroseconds(): number {
    return cpuMicroseconds(this.child.pid ?? 0);
  }

  pairs(count: number, framing: ClientFraming): Promise<Pair[]> {
    return inBatches(count, async () => {
      const client = await LoadClient.connect(this.port, framing);
      await client.open('/bench/echo', ANY_MESSAGE);
      return { sender: client, receiver: client, frame: client.frame(ANY_MESSAGE) };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.disconnect();
    await new Promise((resolve) => this.child.once('exit', resolve));
  }
}

/** The bare `ws` echo and broadcast. */
export class WsEchoServer extends EchoServer {
  override readonly name = 'bare ws';

  static override async start(): Promise<WsEchoServer> {
    const { child, port } = await startServer('ws-echo-main.mjs');
    return new WsEchoServer(child, port);
  }

  override pairs(count: number, framing: ClientFraming): Promise<Pair[]> {
    return inBatches(count, async () => {
      const client = await WebSocketLoadClient.connectBare(this.port, framing, '/echo');
      return { sender: client, receiver: client, frame: client.frame(ANY_MESSAGE) };
    });
  }

  override readonly fanOut = async (count: number, framing: ClientFraming): Promise<FanOut> => {
    const connect = (): Promise<LoadConnection> => WebSocketLoadClient.connectBare(this.port, framing, '/broadcast');
    const receivers = await inBatches(count, connect);
    const sender = await connect();
    return { sender, receivers, frame: sender.frame(ANY_MESSAGE) };
  };
}

async function inBatches<T>(
  count: number,
  make: (index: number) => Promise<T>,
  atOnce = CONNECT_AT_ONCE,
): Promise<T[]> {
  const made: T[] = [];
  while (made.length < count) {
    const batch = Math.min(atOnce, count - made.length);
    const first = made.length;
    made.push(...(await Promise.all(Array.from({ length: batch }, (_, index) => make(first + index)))));
  }
  return made;
}
