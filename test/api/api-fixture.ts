import { DartClient, type RegisterRequest } from '../support/dart-client.ts';
import { RouterProcess, type RouterProcessOptions } from '../support/router-process.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined without one, or if it is not JSON. */
  readonly body: Record<string, unknown>;
}

export interface ApiCall {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A router with the HTTP API, and calls to it. */
export class ApiRouter implements AsyncDisposable {
  readonly router: RouterProcess;
  readonly apiPort: number;
  private readonly clients: DartClient[] = [];

  private constructor(router: RouterProcess, apiPort: number) {
    this.router = router;
    this.apiPort = apiPort;
  }

  static async start(args: readonly string[] = [], options: RouterProcessOptions = {}): Promise<ApiRouter> {
    const router = await RouterProcess.start(['--api', '--api-port', '0', ...args], options);
    const { listening } = await router.status();
    const port = listening.find(({ purpose }) => purpose === 'api')?.port;
    if (port === undefined) throw new Error(`no API port in ${JSON.stringify(listening)}`);
    return new ApiRouter(router, port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.apiPort}/api/v1`;
  }

  /** Calls the API; a body that is no string or Buffer is sent as JSON. */
  async call(path: string, { method, body, headers = {}, signal }: ApiCall = {}): Promise<ApiAnswer> {
    const isJson = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body);
    const response = await fetch(`${this.url}${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as string | Buffer<ArrayBuffer>) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parsed(text) };
  }

  async join(request: RegisterRequest = {}): Promise<DartClient> {
    const client = await DartClient.join(this.router.port, request);
    this.clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client.connection.destroy();
    await this.router.stop();
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
