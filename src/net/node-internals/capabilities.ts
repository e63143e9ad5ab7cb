import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { socketWriter } from './fast-write.ts';
import { rawSocketOf } from './tls-parent.ts';

/** Undocumented parts of Node.js in use. Each has a slower fallback through the documented API. */
export interface NodeInternals {
  /** A socket passes each chunk to its `push`, and its handle the end to `onread` (fast-read.ts). */
  readonly fastRead: boolean;
  /** A socket has `_write` and `_writev` (fast-write.ts). */
  readonly fastWrite: boolean;
  /** The handle of a server passes each connection to `onconnection` (accept-queue.ts). */
  readonly acceptQueue: boolean;
  /** A TLS socket has the socket below it as `_parent` (tls-parent.ts). */
  readonly tlsParent: boolean;
}

/** Fallbacks everywhere. */
export const NO_INTERNALS: NodeInternals = { fastRead: false, fastWrite: false, acceptQueue: false, tlsParent: false };

/** Far above the few milliseconds that the probe takes; reached only when bytes get lost. */
const PROBE_TIMEOUT_MS = 5000;
const PIECES = ['one', 'two', 'three'].map((text) => Buffer.from(text));
const EXPECTED = 'onetwothree';

/** Probes all internals on a loopback connection, once at start. Without loopback none is used. */
export async function probeNodeInternals(): Promise<NodeInternals> {
  const exchange = new Exchange();
  const limit = setTimeout(() => exchange.stop(), PROBE_TIMEOUT_MS);
  try {
    await exchange.run();
  } catch {
    // internals not observed by then count as missing
  } finally {
    clearTimeout(limit);
    exchange.stop();
  }
  const { pushed, data, sawEnd, sawConnection, hasFastWrite } = exchange;
  return {
    fastRead: pushed === EXPECTED && sawEnd,
    fastWrite: hasFastWrite && (pushed === EXPECTED || data === EXPECTED),
    acceptQueue: sawConnection,
    tlsParent: hasTlsParent(),
  };
}

type Handle = { onread?: unknown; readStop?: unknown; onconnection?: unknown } | null | undefined;
const handleOf = (it: Socket | Server): Handle => (it as unknown as { _handle?: Handle })._handle;

/** One connection: a client writes as fast-write.ts does, and a server accepts and reads as the other files do. */
class Exchange {
  /** Bytes that arrived by `push`, and those that arrived by 'data'. */
  pushed = '';
  data = '';
  sawEnd = false;
  sawConnection = false;
  hasFastWrite = false;
  private readonly abort = new AbortController();
  private readonly server = createServer((socket) => this.read(socket));
  private readonly sockets = new Set<Socket>();
  private ended: () => void = () => {};

  async run(): Promise<void> {
    const { signal } = this.abort;
    const ended = new Promise<void>((resolve) => {
      this.ended = resolve;
      signal.addEventListener('abort', () => resolve());
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening', { signal });
    this.watchConnections();
    const client = this.keep(connect((this.server.address() as AddressInfo).port, '127.0.0.1'));
    await once(client, 'connect', { signal });
    await this.write(client, signal);
    client.end();
    await ended;
  }

  stop(): void {
    this.abort.abort();
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private keep(socket: Socket): Socket {
    this.sockets.add(socket);
    return socket.on('error', () => {});
  }

  private watchConnections(): void {
    const handle = handleOf(this.server);
    const accept = handle?.onconnection;
    if (!handle || typeof accept !== 'function') return;
    handle.onconnection = (...args: unknown[]) => {
      this.sawConnection = true;
      return accept.apply(handle, args);
    };
  }

  private async write(client: Socket, signal: AbortSignal): Promise<void> {
    this.hasFastWrite = typeof client._write === 'function' && typeof client._writev === 'function';
    const writer = socketWriter(this.hasFastWrite);
    const [first, ...rest] = PIECES as [Buffer, ...Buffer[]];
    const completed = (start: (written: (error?: Error | null) => void) => void): Promise<void> =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('a write was not completed')));
        start((error) => (error ? reject(error) : resolve()));
      });
    await completed((written) => writer.write(client, first, written));
    await completed((written) => writer.writeAll(client, rest, written));
  }

  private read(socket: Socket): void {
    this.keep(socket);
    socket.on('data', (chunk) => {
      this.data += chunk;
    });
    socket.on('end', this.ended);
    const handle = handleOf(socket);
    const { onread: read, readStop } = handle ?? {};
    if (!handle || typeof read !== 'function' || typeof readStop !== 'function') return;
    handle.onread = (bytes?: ArrayBuffer) => {
      if (bytes !== undefined) return read.call(handle, bytes);
      this.sawEnd = true;
      this.ended();
    };
    socket.push = (chunk: Buffer | null) => {
      if (chunk === null) this.ended();
      else this.pushed += chunk;
      return chunk !== null;
    };
  }
}

function hasTlsParent(): boolean {
  const raw = new Socket();
  const secure = new TLSSocket(raw, { isServer: true });
  const isParent = rawSocketOf(secure) === raw;
  secure.destroy();
  raw.destroy();
  return isParent;
}
