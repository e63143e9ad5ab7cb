import { ErrorCode, encodeHeaders, type ServerStream } from '../http2/index.ts';
import type { EndStatus } from '../router/index.ts';
import type { Framing } from '../wire/index.ts';
import type { CallStream } from './call-stream.ts';
import { ACCEPTED_ENCODINGS } from './compressed-request.ts';
import { percentEncoded, STATUS_CODES } from './grpc-protocol.ts';

type Headers = readonly (readonly [name: string, value: string])[];

const RESPONSE: Headers = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
  ['grpc-accept-encoding', ACCEPTED_ENCODINGS],
];
/** Details may quote client input, and clients accept only a few kilobytes of headers. */
const MAX_DETAILS_CHARS = 500;
const RESPONSE_HEADERS = encodeHeaders(RESPONSE);
const OK_TRAILERS = encodeHeaders([['grpc-status', '0']]);

/** The read side of a connection. All its streams pause together. */
export interface PausableConnection {
  pauseReading(): void;
  resumeReading(): void;
}

/** gRPC on a stream of the router's own HTTP/2: response headers and trailers (gRPC over HTTP/2, "Responses"). */
export class GrpcHttp2Stream implements CallStream {
  private readonly stream: ServerStream;
  private readonly connection: PausableConnection;
  private sentHeaders = false;

  constructor(stream: ServerStream, connection: PausableConnection) {
    this.stream = stream;
    this.connection = connection;
  }

  queueFraming(grpc: Framing): Framing {
    return grpc;
  }

  sendHeaders(): void {
    if (this.sentHeaders) return;
    this.sentHeaders = true;
    this.stream.sendHeaders(RESPONSE_HEADERS);
  }

  write(first: Buffer, rest: readonly Buffer[], bytes: number): void {
    this.stream.write(first, rest, bytes);
  }

  end(code: EndStatus, details: string): void {
    if (code === 'OK' && this.sentHeaders) this.stream.end(OK_TRAILERS);
    else this.stream.end(encodeHeaders([...(this.sentHeaders ? [] : RESPONSE), ...trailers(code, details)]));
  }

  reset(): boolean {
    this.stream.reset(ErrorCode.enhanceYourCalm);
    return true;
  }

  pauseReading(): void {
    this.connection.pauseReading();
  }

  resumeReading(): void {
    this.connection.resumeReading();
  }
}

/** Refuses a request that is not gRPC with an HTTP status. */
export function refuseRequest(stream: ServerStream, httpStatus: '405' | '415'): void {
  stream.end(encodeHeaders([[':status', httpStatus]]));
}

function trailers(code: EndStatus, details: string): Headers {
  const status = ['grpc-status', String(STATUS_CODES[code])] as const;
  return details === '' ? [status] : [status, ['grpc-message', percentEncoded(details.slice(0, MAX_DETAILS_CHARS))]];
}
