import { after, before } from 'node:test';
import { DartClient, type DartClientOptions, type RegisterRequest } from './dart-client.ts';
import { RouterProcess, type RouterProcessOptions } from './router-process.ts';

/** The router that the tests of one file share, and the clients that they connect to it. */
export class SharedRouter {
  private current: RouterProcess | null = null;
  private readonly clients: DartClient[] = [];

  get process(): RouterProcess {
    if (this.current === null) throw new Error('the router is started in before()');
    return this.current;
  }

  get port(): number {
    return this.process.port;
  }

  /** Connects a client that is closed at the end of the file. */
  async connect(options: DartClientOptions = {}): Promise<DartClient> {
    return this.keep(await DartClient.connect(this.port, options));
  }

  /** Connects, registers and binds. */
  async join(request: RegisterRequest = {}, options: DartClientOptions = {}): Promise<DartClient> {
    return this.keep(await DartClient.join(this.port, request, options));
  }

  async start(args: readonly string[], options: RouterProcessOptions): Promise<void> {
    this.current = await RouterProcess.start(args, options);
  }

  /** Closes the clients and waits until the router has none, so that a leak fails the test. */
  async stop(): Promise<void> {
    for (const client of this.clients) client.connection.destroy();
    try {
      await this.process.until('no client left', ({ clients, connections }) => {
        return clients.current === 0 && connections.current === 0;
      });
    } finally {
      await this.process.stop();
    }
  }

  private keep(client: DartClient): DartClient {
    this.clients.push(client);
    return client;
  }
}

/** One router for all tests of a file, started before them and checked for leaks after them. */
export function useRouter(args: readonly string[] = [], options: RouterProcessOptions = {}): SharedRouter {
  const shared = new SharedRouter();
  before(() => shared.start(args, options));
  after(() => shared.stop());
  return shared;
}
