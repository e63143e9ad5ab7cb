import { request as httpRequest } from 'node:http';

/** A response of the HTTP API. */
export interface ControlResponse {
  readonly status: number;
  /** JSON text, or empty. */
  readonly body: string;
}

export interface ControlRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path below `/api/v1`, with its query. */
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
  readonly timeoutMs: number;
}

/** Calls the HTTP API on a control socket, which needs no token. Rejects with Node's error, also after the time limit. */
export function callControlSocket(
  socketPath: string,
  { method, path, body, timeoutMs }: ControlRequest,
): Promise<ControlResponse> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const options = { socketPath, method, path: `/api/v1${path}`, headers, agent: false as const };
    const request = httpRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.setTimeout(timeoutMs, () => request.destroy(new Error('timeout')));
    request.on('error', reject);
    request.end(body);
  });
}
