import { ENTRY_OVERHEAD_BYTES } from './hpack-decoder.ts';

/** Connection-specific fields, which make an HTTP/2 request malformed (RFC 9113, section 8.2.2). */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
// no body is longer
const CONTENT_LENGTH = /^\d{1,15}$/;
// RFC 9113, section 8.2.1
const FORBIDDEN_IN_VALUE = /[\0\r\n]/;

/** The headers of one request: validates all fields and keeps those that the router uses. */
export class RequestHeaders {
  method: string | null = null;
  path: string | null = null;
  scheme: string | null = null;
  contentType: string | null = null;
  authorization: string | null = null;
  /** `grpc-encoding`: compression of the messages. */
  encoding: string | null = null;
  /** `grpc-timeout`, unparsed. */
  timeout: string | null = null;
  /** `content-length` in bytes, or null. */
  contentLength: number | null = null;
  /** Name of the first field that indicates a proxy, or null. */
  proxyHeader: string | null = null;
  /** Size of all fields, with 32 bytes of overhead each. */
  listBytes = 0;
  /** Fields beyond the size limit, which are not examined. */
  excessFields = 0;
  private readonly maxListBytes: number;
  private authority: string | null = null;
  private sawRegular = false;
  private invalid = false;

  constructor(maxListBytes: number) {
    this.maxListBytes = maxListBytes;
  }

  /** True if the fields exceed the size limit; those beyond it are neither kept nor validated. */
  get isTooLarge(): boolean {
    return this.listBytes > this.maxListBytes;
  }

  /** True for an invalid request (RFC 9113, section 8.3). An empty `:authority` is accepted: Dart sends one. */
  get isMalformed(): boolean {
    return this.invalid || this.method === null || this.path === null || this.path === '' || this.scheme === null;
  }

  /** True for invalid trailers, which includes pseudo-header fields. */
  get areMalformedTrailers(): boolean {
    return (
      this.invalid || this.method !== null || this.path !== null || this.scheme !== null || this.authority !== null
    );
  }

  add(name: string, value: string): void {
    this.listBytes += name.length + value.length + ENTRY_OVERHEAD_BYTES;
    if (this.isTooLarge) {
      this.excessFields++;
      return;
    }
    if (name.startsWith(':')) this.addPseudo(name, value);
    else this.addRegular(name, value);
    if (FORBIDDEN_IN_VALUE.test(value)) this.invalid = true;
  }

  private addPseudo(name: string, value: string): void {
    if (this.sawRegular) this.invalid = true;
    if (name === ':method') this.method = this.setOnce(this.method, value);
    else if (name === ':path') this.path = this.setOnce(this.path, value);
    else if (name === ':scheme') this.scheme = this.setOnce(this.scheme, value);
    else if (name === ':authority') this.authority = this.setOnce(this.authority, value);
    else this.invalid = true;
  }

  private addRegular(name: string, value: string): void {
    this.sawRegular = true;
    if (name === 'content-type') this.contentType = value;
    else if (name === 'authorization') this.authorization = value;
    else if (name === 'grpc-timeout') this.timeout = value;
    else if (name === 'grpc-encoding') this.encoding = value;
    else if (name === 'content-length') this.addLength(value);
    else if (name === 'te') this.invalid ||= value !== 'trailers';
    else if (CONNECTION_HEADERS.has(name) || !FIELD_NAME.test(name)) this.invalid = true;
    else if (isProxyHeader(name)) this.proxyHeader ??= name;
  }

  private addLength(value: string): void {
    const length = CONTENT_LENGTH.test(value) ? Number(value) : Number.NaN;
    if (!(length === (this.contentLength ?? length))) this.invalid = true;
    this.contentLength = length;
  }

  private setOnce(earlier: string | null, value: string): string {
    if (earlier !== null) this.invalid = true;
    return value;
  }
}

/**
 * True for fields that HTTP proxies add to the requests they forward: `via` (RFC 9110), `forwarded` (RFC 7239) and
 * their nonstandard forms.
 */
export function isProxyHeader(name: string): boolean {
  return name === 'via' || name === 'forwarded' || name === 'x-real-ip' || name.startsWith('x-forwarded-');
}
