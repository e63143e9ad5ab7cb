import { parseRequest } from './fields.ts';
import { type DeferredAnswer, type RpcContext, RpcError, type UnaryMethod } from './method.ts';

/** Runs a unary method on the CBOR bytes of its request. Returns the CBOR bytes of the response, or the error that ends the call. */
export function callUnary(method: UnaryMethod, body: Buffer, context: RpcContext): Buffer | DeferredAnswer | RpcError {
  try {
    return method.handler(parseRequest(body), context);
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
}
