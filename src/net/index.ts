export { Connection, Connections } from './connection.ts';
export { EndPacer, type PacedReader } from './eof-throttle.ts';
export { FirstLine, UPGRADE_REQUIRED } from './http1.ts';
export { Listener } from './listener.ts';
export { readDirectly, readLater, readOn, type SocketReader } from './node-internals/fast-read.ts';
export { Pacer } from './tick-queue.ts';
export { loadTls, parsePrivateKey, type TlsMaterial } from './tls.ts';
