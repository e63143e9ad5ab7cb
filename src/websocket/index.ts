export { parseOrigins } from './origins.ts';
export { WebSocketTransport } from './websocket-transport.ts';
