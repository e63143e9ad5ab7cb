import type { EndStatus } from '../router/index.ts';

/** Headers and status codes of gRPC over HTTP/2 (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md). */

/** `application/grpc`, optionally with a message format or parameters; not `application/grpc-web`. */
const CONTENT_TYPE = /^application\/grpc(?:\+[!#$&^_.+a-z0-9-]+)?[ \t]*(?:;.*)?$/i;
const UNITS_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
/** Bytes that `grpc-message` must encode, and leading or trailing spaces, which HTTP would strip. */
const NOT_PLAIN = /[^ -~]|%|^ | $/g;

/** True for the content type of a gRPC request; others are answered with 415. */
export function isGrpcContentType(contentType: string | null): boolean {
  return contentType === 'application/grpc' || (contentType !== null && CONTENT_TYPE.test(contentType));
}

/** A `grpc-timeout` header in milliseconds; null if it is malformed. */
export function parseTimeoutMs(header: string): number | null {
  const match = TIMEOUT.exec(header);
  if (match === null) return null;
  return Math.ceil(Number(match[1]) * (UNITS_MS[match[2] as string] as number));
}

/** `text` percent-encoded for `grpc-message`: UTF-8, with `%XX` for `%` and bytes outside of 0x20 to 0x7E. */
export function percentEncoded(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(NOT_PLAIN, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/** gRPC status codes (grpc.io/docs/guides/status-codes) with which the router ends calls. */
export const STATUS_CODES: Readonly<Record<EndStatus, number>> = {
  OK: 0,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
};
