/** Protocol of a connection without an HTTP/2 preface; `undecided` until its first line is complete. */
export type OtherProtocol = 'http1' | 'unknown' | 'undecided';

/** Longest first line that is buffered. */
const MAX_LINE_BYTES = 8 * 1024;
const REQUEST_LINE = /^[A-Z]{1,20} [^\n]*HTTP\/1\.[01]\r?\n/;
const PARTIAL_REQUEST_LINE = /^[A-Z]{1,20}(?: [^\n]*)?$/;

/** Buffers the first bytes of a connection without an HTTP/2 preface until its protocol is detected. */
export class ProtocolDetector {
  private bytes: Buffer = Buffer.alloc(0);
  private decided = false;

  /** Everything received so far. */
  get received(): Buffer {
    return this.bytes;
  }

  /** Adds `chunk`. Returns the protocol once; `undecided` before and after. */
  push(chunk: Buffer): OtherProtocol {
    if (this.decided) return 'undecided';
    this.bytes = Buffer.concat([this.bytes, chunk]);
    const protocol = detectProtocol(this.bytes);
    this.decided = protocol !== 'undecided';
    return protocol;
  }
}

/** `firstBytes`: everything received so far. */
export function detectProtocol(firstBytes: Buffer): OtherProtocol {
  const text = firstBytes.toString('latin1', 0, MAX_LINE_BYTES);
  if (REQUEST_LINE.test(text)) return 'http1';
  return text.length < MAX_LINE_BYTES && PARTIAL_REQUEST_LINE.test(text) ? 'undecided' : 'unknown';
}

const BODY = 'This is a gRPC port: it takes HTTP/2 only (prior knowledge, or ALPN h2 with TLS)\n';

/** Response to an HTTP/1.0 or 1.1 request (RFC 9110, section 15.5.22). The connection is closed after it. */
export const UPGRADE_REQUIRED = Buffer.from(
  [
    'HTTP/1.1 426 Upgrade Required',
    'upgrade: HTTP/2.0',
    'connection: upgrade, close',
    'content-type: text/plain',
    `content-length: ${BODY.length}`,
    '',
    BODY,
  ].join('\r\n'),
);
