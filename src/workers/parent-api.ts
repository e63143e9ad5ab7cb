import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiAnswer, ApiRequest } from './protocol.ts';
import type { WorkerPool } from './worker-pool.ts';

const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** As long as a request may wait for the response of a client. */
const ANSWER_TIMEOUT_MS = 605_000;
/** Operations that any worker can do for all of them. */
const OF_ANY_WORKER = /^\/api\/v1\/(clients|groups|messages|requests)\b/;

/** The HTTP API on the control socket of a router with several workers, which answer the requests. */
export class ParentApi {
  private readonly pool: WorkerPool;

  constructor(pool: WorkerPool) {
    this.pool = pool;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) request.destroy();
    });
    request.on('error', () => {});
    request.on('end', () => {
      const { method = 'GET', url = '' } = request;
      void this.answer({ method, url, body: Buffer.concat(chunks).toString('utf8') }).then(
        ({ status, contentType, body }) => {
          response.writeHead(status, contentType === '' ? {} : { 'content-type': contentType });
          response.end(body);
        },
      );
    });
  }

  /** The answer of the first worker that serves clients; it reaches those of all. */
  private async answer(request: ApiRequest): Promise<ApiAnswer> {
    if (!OF_ANY_WORKER.test(request.url)) return problem(404, 'not-found', 'With workers there is no such address');
    const [worker] = this.pool.serving;
    const answer = await worker?.ask({ kind: 'api', request }, ANSWER_TIMEOUT_MS);
    return answer ?? problem(503, 'overloaded', 'No worker answers: try again');
  }
}

function problem(status: number, code: string, detail: string): ApiAnswer {
  return { status, contentType: 'application/problem+json', body: JSON.stringify({ status, code, detail }) };
}
