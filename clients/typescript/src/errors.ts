/**
 * Why an operation failed, for programs.
 *
 * Made by the router: `not-found`, `timeout`, `too-large`, `forbidden`, `rate-limited`, `malformed`, `missing-field`,
 * `overloaded`, `shutting-down`, `unauthenticated`. Made by this client: the others.
 */
export type ErrorCode =
  | 'not-found'
  | 'timeout'
  | 'too-large'
  | 'forbidden'
  | 'rate-limited'
  | 'malformed'
  | 'missing-field'
  | 'overloaded'
  | 'shutting-down'
  | 'unauthenticated'
  /** The router refused the registration. */
  | 'refused'
  /** No connection to the router could be made, or it was lost. */
  | 'unreachable'
  /** The client was closed. */
  | 'closed'
  /** Another connection has taken over this client: the client closes and does not reconnect. */
  | 'replaced'
  /** The operation was cancelled by its `AbortSignal`. */
  | 'aborted'
  /** More than `bufferBytes` are waiting for the router's acknowledgement. */
  | 'buffer-full'
  /** The session or, without one, the connection ended before the message was acknowledged: it may or may not have been delivered. */
  | 'session-lost'
  /** A value cannot be sent. */
  | 'invalid-value'
  /** The other client answered a request with an error. */
  | 'remote'
  /** The peer broke the protocol. */
  | 'protocol';

/** Every error of this package. `code` is stable; `message` is for people. */
export class RouterError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RouterError';
    this.code = code;
  }
}

const ROUTER_CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'not-found',
  'timeout',
  'too-large',
  'forbidden',
  'rate-limited',
  'malformed',
  'missing-field',
  'overloaded',
  'shutting-down',
]);

/** `code` when it is one of the router's, else `fallback`. */
export function routerCode(code: unknown, fallback: ErrorCode): ErrorCode {
  return typeof code === 'string' && ROUTER_CODES.has(code) ? (code as ErrorCode) : fallback;
}

/** The error of an aborted operation, with the signal's reason as its cause. */
export function abortError(signal: AbortSignal): RouterError {
  return new RouterError('aborted', 'The operation was aborted', { cause: signal.reason });
}

export function asRouterError(error: unknown, code: ErrorCode): RouterError {
  if (error instanceof RouterError) return error;
  return new RouterError(code, error instanceof Error ? error.message : String(error), { cause: error });
}

/** The wire's text, which clients of 2025 match on: `Клиент <id> не найден или отключен`. */
export const NOT_FOUND = /^Клиент (.*) не найден или отключен$/s;

/** The wire's texts in English. */
export function readable(text: string): string {
  const id = NOT_FOUND.exec(text)?.[1];
  return id === undefined ? text : `Client ${id} is not connected`;
}
