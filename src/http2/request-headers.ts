import { ENTRY_OVERHEAD_BYTES } from './hpack-decoder.ts';

/** Headers that belong to one connection, and so make an HTTP/2 request malformed (RFC 9113, section 8.2.2). */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
// with more digits there is no such body
const CONTENT_LENGTH = /^\d{1,15}$/;
// NUL, CR and LF may stand in no value
const FORBIDDEN_IN_VALUE = /[\0\r\n]/;

/** The headers of one request as they are read: those that matter here are kept, all are checked. */
export class RequestHeaders {
  method: string | null = null;
  path: string | null = null;
  scheme: string | null = null;
  contentType: string | null = null;
  /** `authorization`. */
  authorization: string | null = null;
  /** `grpc-encoding`: what the messages may be compressed by. */
  encoding: string | null = null;
  /** `grpc-timeout`, as it was sent. */
  timeout: string | null = null;
  /** `content-length`, in bytes; null when there is none. */
  contentLength: number | null = null;
  /** Name of the first header that only a proxy adds; null when there is none. */
  proxyHeader: string | null = null;
  /** All fields, with 32 bytes for each. */
  listBytes = 0;
  /** Fields beyond what is allowed, which are not looked at. */
  excessFields = 0;
  private readonly maxListBytes: number;
  private authority: string | null = null;
  private sawRegular = false;
  private invalid = false;

  constructor(maxListBytes: number) {
    this.maxListBytes = maxListBytes;
  }

  /** True when there was more than is allowed: then nothing of the fields beyond is known, nor whether they are valid. */
  get isTooLarge(): boolean {
    return this.listBytes > this.maxListBytes;
  }

  /** True when this is not a request as RFC 9113, section 8.3, has it. An empty `:authority` is let pass: Dart sends it. */
  get isMalformed(): boolean {
    return this.invalid || this.method === null || this.path === null || this.path === '' || this.scheme === null;
  }

  /** True for trailers that have what only a request may have, or that are no headers. */
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
 * True for headers that HTTP proxies add to the requests they forward: `via` (RFC 9110), `forwarded` (RFC 7239) and
 * their customary forms.
 */
export function isProxyHeader(name: string): boolean {
  return name === 'via' || name === 'forwarded' || name === 'x-real-ip' || name.startsWith('x-forwarded-');
}
