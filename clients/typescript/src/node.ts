import WebSocketOfWs from 'ws';
import { makeConnect } from './connect.ts';
import { openGrpc } from './grpc-transport.ts';
import type { TransportFactory } from './transport.ts';
import { openWebSocket, type WebSocketLike } from './websocket-transport.ts';

export * from './exports.ts';

/** `ws` rather than Node's own WebSocket, which takes no certificates and exists from Node.js 22 on. */
const webSocket: TransportFactory = (url, options) =>
  openWebSocket(
    new WebSocketOfWs(url, {
      perMessageDeflate: false,
      ...options.tls,
    } as WebSocketOfWs.ClientOptions) as unknown as WebSocketLike,
    options,
  );

/**
 * Connects to a router, registers, and resolves with the client. `http://` and `https://` use gRPC over HTTP/2, `ws://` and
 * `wss://` WebSocket. Rejects with a RouterError: `unreachable`, `unauthenticated`, `refused`, `invalid-value`, `aborted`.
 */
export const connect = makeConnect(
  { 'ws:': webSocket, 'wss:': webSocket, 'http:': openGrpc, 'https:': openGrpc },
  () => {},
);
