import { encode } from '../wire/index.ts';
import { integerField } from './fields.ts';
import type { RpcContext, RpcRequest } from './method.ts';

/** Echoes the client's timestamp with the router's. */
export function ping(request: RpcRequest, { core }: RpcContext): Buffer {
  return encode({ serverTimestamp: core.clock.now(), timestamp: integerField(request, 'v') });
}
