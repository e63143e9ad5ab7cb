export { GrpcServer, type GrpcServerDependencies, type GrpcServerOptions } from './server.ts';
