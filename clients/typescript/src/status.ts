import { type ErrorCode, RouterError } from './errors.ts';

/** gRPC statuses that mean something to an application. */
const STATUS_CODES: Readonly<Record<string, ErrorCode>> = {
  '3': 'malformed',
  '4': 'timeout',
  '5': 'not-found',
  '7': 'forbidden',
  '8': 'overloaded',
  '10': 'replaced',
  '14': 'unreachable',
  '16': 'unauthenticated',
};

/** The error for a gRPC status. */
export function statusError(status: string, message: string): RouterError {
  return new RouterError(STATUS_CODES[status] ?? 'protocol', message === '' ? `gRPC status ${status}` : message);
}
