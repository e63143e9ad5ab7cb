import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { createApi } from './api-app.ts';
import type { ApiDependencies } from './dependencies.ts';

/** A request that does not come over HTTP. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** JSON text; empty for none. */
  readonly body: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The HTTP API without a port of its own, for callers that need no token: the operator on the machine. */
export class LocalApi {
  private readonly app: FastifyInstance;

  private constructor(app: FastifyInstance) {
    this.app = app;
  }

  static async create(deps: Omit<ApiDependencies, 'tokens' | 'origins' | 'onlyLoopbackNames'>): Promise<LocalApi> {
    const access = { tokens: () => null, origins: [], onlyLoopbackNames: false };
    return new LocalApi(await createApi({ ...deps, ...access }, null));
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.app.routing(request, response);
  }

  async answer({ method, url, body }: ApiRequest): Promise<ApiAnswer> {
    const response = await this.app.inject({
      method: method as 'GET',
      url,
      headers: { host: 'localhost', ...(body === '' ? {} : { 'content-type': 'application/json' }) },
      ...(body === '' ? {} : { payload: body }),
    });
    return {
      status: response.statusCode,
      contentType: String(response.headers['content-type'] ?? ''),
      body: response.body,
    };
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}
