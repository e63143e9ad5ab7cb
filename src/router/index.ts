export {
  CLIENT_STATUSES,
  Client,
  type ClientObserver,
  type ClientProfile,
  type ClientStatus,
  type ListedClient,
  type ReplicaRecord,
  type RouterConnection,
} from './client.ts';
export {
  type CloseReason,
  Counters,
  HistogramCounter,
  type LoginFailure,
  type RefuseReason,
} from './counters.ts';
export type { FlushQueue, PausedSender, PauseQueue } from './delivery/flush-queue.ts';
export type { MemoryBudget } from './delivery/memory-budget.ts';
export type { SendQueue } from './delivery/send-queue.ts';
export { enforceRights } from './enforce-rights.ts';
export type { EventSubscriber } from './events.ts';

export type { MessageSource } from './handlers/handler.ts';
export {
  ANONYMOUS,
  type GroupPermission,
  type Identity,
  PERMISSIONS,
  type Permission,
  type Rights,
} from './identity.ts';
export {
  type Clock,
  type EndStatus,
  type Limits,
  MAX_METADATA_BYTES,
  MAX_NAME_BYTES,
  MAX_TIMER_MS,
  type RouterLog,
  type StreamTransport,
} from './interfaces.ts';
export { type ClientFilter, ClientListing, matchesFilter, metadataFilter } from './listing.ts';
export { Liveness } from './liveness.ts';
export { closeReasonText, TEXT } from './messages.ts';
export { ClientPage, type ClientPosition, type PagedClient, type PageQuery } from './operator/client-page.ts';
export { disconnectClient } from './operator/disconnect.ts';
export {
  type MessageTarget,
  type NotSent,
  Operator,
  type RequestStart,
  type SendOutcome,
} from './operator/operator.ts';
export type { OnOutcome, RequestOutcome } from './operator/operator-stream.ts';
export type { ClientChange, Handover, PausableSender, PeerDirectory, Peers } from './peers.ts';
export { missingForGroups, permissionText, recordForbidden } from './permissions.ts';
export {
  answerUndelivered,
  deliverFromPeer,
  deliverResponseFromPeer,
  deliverToAllFromPeer,
  describeUndelivered,
  type PeerMessage,
  type UndeliveredMessage,
} from './remote-delivery.ts';
export { RouterCore, type RouterDependencies } from './router-core.ts';
export type { Session } from './session.ts';
export type { SessionAnswer, SessionClaim, SessionTokenCodec, VerifiedClaim } from './sessions/session-answer.ts';
export type { RouterStatistics } from './statistics.ts';
export type { StreamOptions, Subscription } from './subscription.ts';
