import type { RequestHeaders, ServerStream, StreamHandler } from '../http2/index.ts';
import type { Connection } from '../net/index.ts';
import type { ServerCall } from './call.ts';
import type { CallStream } from './call-stream.ts';
import { CompressedRequest } from './compressed-request.ts';
import { GrpcHttp2Stream, type PausableConnection, refuseRequest } from './grpc-http2-stream.ts';
import { isGrpcContentType, parseTimeoutMs } from './grpc-protocol.ts';
import type { TransportDependencies } from './transport.ts';

/** Length at which header values are cut when quoted in an error. */
const MAX_QUOTED_CHARS = 100;

/** The connection of a request, and its read side. */
export interface RequestSource extends PausableConnection {
  readonly connection: Connection;
}

/** Opens the call of an HTTP/2 request. Responds to a request that is not a valid gRPC call and returns null. */
export function openRequest(
  deps: TransportDependencies,
  source: RequestSource,
  stream: ServerStream,
  headers: RequestHeaders,
): StreamHandler | null {
  if (headers.isTooLarge) refuseTooLarge(deps, source, stream);
  else if (headers.method !== 'POST') refuseRequest(stream, '405');
  else if (!isGrpcContentType(headers.contentType)) refuseRequest(stream, '415');
  else {
    const call = openCall(deps, source.connection, new GrpcHttp2Stream(stream, source), headers);
    const { encoding } = headers;
    if (call === null || encoding === null || encoding === 'identity') return call;
    const { options, reserveBytes } = deps;
    return new CompressedRequest(stream, call, { encoding, maxMessageBytes: options.maxMessageBytes, reserveBytes });
  }
  return null;
}

function refuseTooLarge({ options }: TransportDependencies, source: RequestSource, stream: ServerStream): void {
  const details = `Headers too large: at most ${options.maxHeaderBytes} bytes (max-header-bytes), 32 for each besides`;
  new GrpcHttp2Stream(stream, source).end('RESOURCE_EXHAUSTED', details);
}

function openCall(
  deps: TransportDependencies,
  connection: Connection,
  stream: CallStream,
  { timeout, path, authorization, proxyHeader }: RequestHeaders,
): ServerCall | null {
  const timeoutMs = timeout === null ? Number.POSITIVE_INFINITY : parseTimeoutMs(timeout);
  if (timeoutMs === null) {
    stream.end(
      'INVALID_ARGUMENT',
      `Malformed grpc-timeout: ${quoted(timeout)}, expected 1 to 8 digits and a unit of HMSmun`,
    );
    return null;
  }
  const call = deps.openCall(connection, stream, { path: path ?? '', authorization, proxyHeader });
  if (call === null) {
    stream.end('UNIMPLEMENTED', `The server does not implement the method ${quoted(path)}`);
    return null;
  }
  call.endAfter(timeoutMs);
  return call;
}

function quoted(text: string | null): string {
  return (text ?? '').slice(0, MAX_QUOTED_CHARS);
}
