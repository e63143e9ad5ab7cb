export { CLIENT_STATUSES, Client, type ClientProfile, type ClientStatus } from './client.ts';
export {
  type CloseReason,
  Counters,
  type HistogramCounter,
  MESSAGE_TYPES,
  METHODS,
  type Method,
  type RefuseReason,
} from './counters.ts';
export { SendQueue } from './delivery/send-queue.ts';
export {
  type ClientObserver,
  type Clock,
  type EndStatus,
  type Limits,
  MAX_METADATA_BYTES,
  MAX_NAME_BYTES,
  type RouterConnection,
  type RouterLog,
  type StreamTransport,
} from './interfaces.ts';
export { type ClientFilter, ClientListing, metadataFilter } from './listing.ts';
export { Liveness } from './liveness.ts';
export { closeReasonText, TEXT } from './messages.ts';
export { RouterCore, type RouterDependencies } from './router-core.ts';
export type { Session } from './session.ts';
export type { Subscription } from './subscription.ts';
