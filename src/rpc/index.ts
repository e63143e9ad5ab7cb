export { admitCall } from './admission.ts';
export { callUnary } from './call-unary.ts';
export { ConcurrencyLimiter } from './concurrency-limiter.ts';
export {
  type EventsMethod,
  type P2pMethod,
  type RpcAuthenticator,
  type RpcConnection,
  type RpcContext,
  RpcError,
  type RpcMethod,
  type RpcResponse,
  type RpcServices,
  type UnaryMethod,
} from './method.ts';
export { METHOD_BY_PATH, SERVICE, SERVICE_NAME, UNARY_METHOD_NAMES } from './service.ts';
