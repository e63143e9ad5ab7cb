export { Authenticator, type AuthScope, type TokenDigests } from './auth.ts';
export { GrpcServer, type GrpcServerDependencies, type GrpcServerOptions } from './server.ts';
export { loadTls, parsePrivateKey, type TlsFiles, type TlsMaterial } from './tls.ts';
export { parseTokens } from './tokens.ts';
