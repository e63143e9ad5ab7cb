import type { AddressInfo } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import type { TlsMaterial } from '../net/index.ts';
import { createApi } from './api-app.ts';
import type { ApiDependencies } from './dependencies.ts';

/** More connections are refused by the kernel's queue until others close. */
const MAX_CONNECTIONS = 1000;

/** The HTTP API on its own port. */
export class ApiServer {
  private readonly app: FastifyInstance;
  private readonly isTls: boolean;

  private constructor(app: FastifyInstance, isTls: boolean) {
    this.app = app;
    this.isTls = isTls;
  }

  /** Listens on `host` and `port`, with TLS if there is a certificate. Rejects with Node's error. */
  static async listen(deps: ApiDependencies, host: string, port: number, tls: TlsMaterial | null): Promise<ApiServer> {
    const app = await createApi(deps, tls);
    app.server.maxConnections = MAX_CONNECTIONS;
    await app.listen({ host, port });
    app.server.on('error', () => {}); // for instance EMFILE: the router keeps running
    return new ApiServer(app, tls !== null);
  }

  get address(): AddressInfo {
    return this.app.server.address() as AddressInfo;
  }

  get url(): string {
    const { address, port } = this.address;
    const host = address.includes(':') ? `[${address}]` : address;
    return `${this.isTls ? 'https' : 'http'}://${host}:${port}`;
  }

  /** Uses a renewed certificate for new connections. */
  replaceTls({ cert, key }: TlsMaterial): void {
    if (this.isTls) (this.app.server as unknown as TlsServer).setSecureContext({ cert, key });
  }

  /** Stops listening and closes all connections. */
  async close(): Promise<void> {
    await this.app.close();
  }
}
