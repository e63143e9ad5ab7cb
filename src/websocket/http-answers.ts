import { STATUS_CODES } from 'node:http';

/** The path of the health check. */
export const HEALTH_PATH = '/healthz';

export interface PlainAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const TEXTS: Readonly<Record<number, string>> = {
  200: 'serving\n',
  403: 'This origin may not connect: add it to --websocket-origins\n',
  426: 'This port serves gRPC over HTTP/2 (prior knowledge, or ALPN h2 with TLS) and WebSocket only\n',
  503: 'shutting down\n',
};

/** The response with `status` to a request that is not a WebSocket handshake. The connection is closed after it. */
export function plainAnswer(status: number): PlainAnswer {
  const body = TEXTS[status] ?? `${STATUS_CODES[status]}\n`;
  const upgrade = status === 426 ? { upgrade: 'websocket, HTTP/2.0', connection: 'upgrade, close' } : {};
  const length = String(Buffer.byteLength(body));
  return {
    headers: { connection: 'close', 'content-type': 'text/plain', 'content-length': length, ...upgrade },
    body,
  };
}

/** The response as bytes, for a socket without a response object. */
export function answerBytes(status: number): string {
  const { headers, body } = plainAnswer(status);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}
