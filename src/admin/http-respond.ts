import type { ServerResponse } from 'node:http';

/** Headers of every response: no framing, no sniffing, no caching, scripts and styles only from this server. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/** Sends a complete response. */
export function respond(response: ServerResponse, status: number, contentType: string, body: string | Buffer): void {
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

export function respondText(response: ServerResponse, status: number, text: string): void {
  respond(response, status, 'text/plain; charset=utf-8', `${text}\n`);
}

export function respondJson(response: ServerResponse, document: unknown): void {
  respond(response, 200, 'application/json; charset=utf-8', `${JSON.stringify(document)}\n`);
}

/** Starts a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export function startEventStream(response: ServerResponse): void {
  response.writeHead(200, { ...SECURITY_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
  response.write('retry: 1000\n\n');
}
