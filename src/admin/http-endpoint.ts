import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type ListenOptions } from 'node:net';
import { Problems } from '../text/index.ts';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

const MAX_CONNECTIONS = 200;
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 16 * 1024;
const PROBE_TIMEOUT_MS = 1000;

/** HTTP server for operators, on a TCP port or a Unix socket. */
export class HttpEndpoint {
  private readonly server: Server;
  private socketPath: string | null = null;

  constructor(handle: RequestHandler) {
    this.server = createServer(
      { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: MAX_HEADER_BYTES },
      handle,
    );
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /** Binds a TCP port and returns its address. Rejects with Node's error. */
  async listen(host: string, port: number): Promise<AddressInfo> {
    await this.bind({ host, port });
    return this.server.address() as AddressInfo;
  }

  /** Binds a Unix socket with mode 600. Replaces a stale socket, on which no server accepts connections. */
  async listenOnSocket(path: string): Promise<void> {
    const existing = lstatSync(path, { throwIfNoEntry: false });
    if (existing !== undefined) {
      if (!existing.isSocket()) {
        throw new Problems({
          en: `${path}: is not a socket; remove it or choose another --control-socket`,
          ru: `${path}: это не сокет; удалите его или выберите другой --control-socket`,
        });
      }
      if (await acceptsConnections(path)) {
        throw new Problems({
          en: `${path}: another router answers there; choose another --control-socket`,
          ru: `${path}: там отвечает другой роутер; выберите другой --control-socket`,
        });
      }
      rmSync(path);
    }
    const before = process.umask(0o177);
    try {
      await this.bind({ path });
    } finally {
      process.umask(before);
    }
    chmodSync(path, 0o600);
    this.socketPath = path;
  }

  /** Stops listening and closes all connections. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
    try {
      if (this.socketPath !== null) rmSync(this.socketPath, { force: true });
    } catch {
      // the socket is stale now: the next start replaces it
    }
  }

  private bind(where: ListenOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(where, () => {
        this.server.off('error', reject);
        this.server.on('error', () => {}); // for instance EMFILE: the router keeps running
        resolve();
      });
    });
  }
}

/** True when a server accepts connections on the socket, or does not respond in time. */
function acceptsConnections(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    const done = (result: boolean): void => {
      probe.destroy();
      resolve(result);
    };
    probe.setTimeout(PROBE_TIMEOUT_MS, () => done(true));
    probe.once('connect', () => done(true)).once('error', () => done(false));
  });
}
