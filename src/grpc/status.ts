import type { EndStatus } from '../router/index.ts';

/** The numbers of gRPC's status codes (grpc.io/docs/guides/status-codes), of those that the router ends calls with. */
export const STATUS_CODES: Readonly<Record<EndStatus, number>> = {
  OK: 0,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
};
