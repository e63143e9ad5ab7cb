export type { ServerCall } from './call.ts';
export type { CallRequest, CallStream } from './call-stream.ts';
export { parseTimeoutMs, STATUS_CODES } from './grpc-protocol.ts';
export { GrpcServer, type GrpcServerDependencies, type GrpcServerOptions } from './server.ts';
export type { Http1Transport, TransportDependencies } from './transport.ts';
