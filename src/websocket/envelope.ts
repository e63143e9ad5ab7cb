/**
 * The multiplexing layer of rpc_dart over WebSocket: one binary WebSocket message carries one part of one call. Two
 * incompatible generations exist; a connection uses the one of its first message. The body of a data message is gRPC
 * framing, as over HTTP/2.
 */

export interface Header {
  readonly name: string;
  readonly value: string;
}

/** Fields of the last parsed message. One instance per connection, reused: a data message allocates nothing. */
export interface EnvelopeMessage {
  streamId: number;
  /** The message ends the sender's side of the call. */
  isEnd: boolean;
  isMetadata: boolean;
  /** Path of a metadata message that opens a call; null otherwise. */
  path: string | null;
  /** Headers of a metadata message; empty otherwise. */
  headers: readonly Header[];
  /** The gRPC bytes of a data message are `bytes[bodyStart..end)`. */
  bodyStart: number;
}

/**
 * `ignored`: too short, or without meaning in this generation; the receiver skips it. `malformed`: metadata that cannot be
 * parsed.
 */
export type ParseResult = 'ok' | 'ignored' | 'malformed';

/** One generation of the envelope. */
export interface Envelope {
  readonly name: 'flags' | 'frame';
  /** Whether the message at `start`, of at least 5 bytes, is metadata. */
  isMetadata(bytes: Buffer, start: number): boolean;
  /** Parses the binary WebSocket message `bytes[start..end)` into `into`. */
  parse(bytes: Buffer, start: number, end: number, into: EnvelopeMessage): ParseResult;
  /** The bytes in front of the gRPC bytes of a data message from the server. */
  dataHead(streamId: number, path: string): Buffer;
  /** A whole metadata message from the server: initial headers, or with `isEnd` trailers. */
  metadata(streamId: number, headers: readonly Header[], isEnd: boolean): Buffer;
}

export function emptyMessage(): EnvelopeMessage {
  return { streamId: 0, isEnd: false, isMetadata: false, path: null, headers: [], bodyStart: 0 };
}
