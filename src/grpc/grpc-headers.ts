/** The headers of gRPC over HTTP/2 (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md) as texts. */

/** `application/grpc`, with the name of a message format or parameters behind it, and nothing else: not `application/grpc-web`. */
const CONTENT_TYPE = /^application\/grpc(?:\+[!#$&^_.+a-z0-9-]+)?[ \t]*(?:;.*)?$/i;
const UNITS_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
/** Bytes that `grpc-message` may not contain as they are, and a space where HTTP would strip it. */
const NOT_PLAIN = /[^ -~]|%|^ | $/g;

/** True for the content type of a gRPC request; a null or any other one is answered with 415. */
export function isGrpcContentType(contentType: string | null): boolean {
  return contentType === 'application/grpc' || (contentType !== null && CONTENT_TYPE.test(contentType));
}

/** The milliseconds that a `grpc-timeout` header stands for; null when it is malformed. */
export function parseTimeoutMs(header: string): number | null {
  const match = TIMEOUT.exec(header);
  if (match === null) return null;
  return Math.ceil(Number(match[1]) * (UNITS_MS[match[2] as string] as number));
}

/** `text` as `grpc-message` carries it: UTF-8, and `%XX` for a percent sign and for every byte outside of 0x20 to 0x7E. */
export function percentEncoded(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(NOT_PLAIN, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
