/** What a connection speaks that did not begin with HTTP/2's preface. `undecided` until its first line is complete. */
export type OtherProtocol = 'http1' | 'unknown' | 'undecided';

/** The longest first line that is waited for. */
const LONGEST_LINE_BYTES = 8 * 1024;
const REQUEST_LINE = /^[A-Z]{1,20} [^\n]*HTTP\/1\.[01]\r?\n/;
/** The beginning of a request line. */
const BEGINNING = /^[A-Z]{1,20}(?: [^\n]*)?$/;

/** What has come on a connection that did not begin with HTTP/2's preface, until it is known what it speaks. */
export class FirstLine {
  private bytes: Buffer = Buffer.alloc(0);
  private isDecided = false;

  /** Adds `chunk`, and returns once what the connection speaks: `undecided` before and after that. */
  add(chunk: Buffer): OtherProtocol {
    if (this.isDecided) return 'undecided';
    this.bytes = Buffer.concat([this.bytes, chunk]);
    const protocol = detectProtocol(this.bytes);
    this.isDecided = protocol !== 'undecided';
    return protocol;
  }
}

/** `firstBytes`: all that has come so far. */
export function detectProtocol(firstBytes: Buffer): OtherProtocol {
  const text = firstBytes.toString('latin1', 0, LONGEST_LINE_BYTES);
  if (REQUEST_LINE.test(text)) return 'http1';
  return text.length < LONGEST_LINE_BYTES && BEGINNING.test(text) ? 'undecided' : 'unknown';
}

const LINE = 'This is a gRPC port: it takes HTTP/2 only (prior knowledge, or ALPN h2 with TLS)\n';

/** The answer to a request of HTTP/1.0 or 1.1 (RFC 9110, section 15.5.22), behind which the connection is closed. */
export const UPGRADE_REQUIRED = Buffer.from(
  [
    'HTTP/1.1 426 Upgrade Required',
    'upgrade: HTTP/2.0',
    'connection: upgrade, close',
    'content-type: text/plain',
    `content-length: ${LINE.length}`,
    '',
    LINE,
  ].join('\r\n'),
);
