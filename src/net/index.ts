export { Connection, Connections } from './connection.ts';
export { EofThrottle, type ThrottledReader } from './eof-throttle.ts';
export { ProtocolDetector, UPGRADE_REQUIRED } from './http1.ts';
export { Listener } from './listener.ts';
export { NO_INTERNALS, type NodeInternals, probeNodeInternals } from './node-internals/capabilities.ts';
export { attachReader, detachReader, readLater, readOn, type SocketReader } from './node-internals/fast-read.ts';
export { type SocketWriter, socketWriter } from './node-internals/fast-write.ts';
export { TickQueue } from './tick-queue.ts';
export { loadTls, parsePrivateKey, type TlsMaterial } from './tls.ts';
