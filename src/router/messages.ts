import { type Encodable, encode, Raw } from '../wire/index.ts';
import type { CloseReason } from './counters.ts';

/** Messages sent by the router itself, and error texts that clients compare (docs/protocol.md). */

export const TEXT = {
  senderMissing: 'Первое сообщение должно содержать senderId',
  notRegistered: (id: string) => `Клиент ${id} не зарегистрирован. Сначала вызовите register()`,
  sharedConnection: (header: string) =>
    `An HTTP proxy shares this connection among clients (header ${header}): it identifies no client. Use a TCP proxy (nginx stream, HAProxy mode tcp), or --auth-scope call`,
  bindFailed: (id: string) => `Ошибка привязки P2P стрима к клиенту ${id}`,
  notFound: (id: string) => `Клиент ${id} не найден или отключен`,
  requestTimeout: 'Request timeout',
  tooManyPending: (limit: number) => `Too many pending requests: at most ${limit} per client`,
  forbidden: (permission: string) => `Not allowed: ${permission}`,
  malformed: 'Malformed message: not a CBOR map of the router protocol',
  unreadable:
    'Unreadable message: float16, float32, undefined, bignums, indefinite-length strings and integers beyond int64 cannot be read by rpc_dart clients',
  tooLarge: (limit: number) => `Message too large: at most ${limit} bytes`,
  compressed: 'Compressed message without grpc-encoding',
  noMemory: 'Router memory limit reached',
  fieldMissing: (type: string, field: string) => `Message of type ${type} must have ${field}`,
  unknownType: 'Unknown message type',
  receivedInvalid: 'Malformed heartbeat: payload.received must be an integer, 0 or more',
  receivedTooMuch: 'Malformed heartbeat: payload.received is more than was sent',
  receivedMissing: 'A further stream of a session must state payload.received, or follow a register',
  tooManyGroups: (limit: number) => `Too many groups: at most ${limit}`,
  groupNameTooLong: (limit: number) => `Group name too long: at most ${limit} bytes`,
  invalidGroups: 'updateGroups must have payload.join or payload.leave, lists of texts',
  metadataTooLarge: (limit: number) => `Metadata too large: at most ${limit} bytes`,
} as const;

/** An `error` of the router. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly text: string;
}

const ROUTER_ID = 'router';

/** Reasons in `clientDisconnected`. The first three texts are defined by the protocol. */
const CLOSE_TEXTS: Record<CloseReason, string> = {
  connectionLost: 'Connection lost',
  inactivityTimeout: 'Inactivity timeout',
  zombie: 'Zombie connection cleanup',
  slowReaderBytes: 'Slow reader: send queue full',
  slowReaderDeadline: 'Slow reader: write deadline exceeded',
  memoryPressure: 'Slow reader: router memory limit reached',
  tokenRevoked: 'Token revoked',
  tokenExpired: 'Token expired',
  connectionLimitLowered: 'Connection limit lowered',
  shutdown: 'Router shutdown',
  sessionExpired: 'Session expired',
  sessionEnded: 'Session ended',
  operator: 'Disconnected by the operator',
};

/** Text of `reason` for events and logs. */
export function closeReasonText(reason: CloseReason): string {
  return CLOSE_TEXTS[reason];
}

export function connectedMessage(clientId: string, now: number): Buffer {
  return encode({
    payload: { connected: true, timestamp: now },
    senderId: ROUTER_ID,
    success: true,
    targetId: clientId,
    timestamp: now,
    type: 'heartbeat',
  });
}

/** The heartbeat that acknowledges `received` messages of a session. */
export function acknowledgement(clientId: string, received: number, now: number): Buffer {
  return encode({
    payload: { received, timestamp: now },
    senderId: ROUTER_ID,
    success: true,
    targetId: clientId,
    timestamp: now,
    type: 'heartbeat',
  });
}

/** Codes of router-made errors, for programs; the texts are for people and for clients of 2025. */
export type ErrorCode =
  | 'not-found'
  | 'timeout'
  | 'too-large'
  | 'forbidden'
  | 'malformed'
  | 'missing-field'
  | 'overloaded'
  | 'shutting-down'
  | 'disconnected';

/**
 * An `error` message. `messageIdItem` is the encoded `payload.messageId` of the sender, if present; `permission` the missing
 * one of code `forbidden`.
 */
export function errorMessage(
  targetId: string | undefined,
  code: ErrorCode,
  text: string,
  messageIdItem: Buffer | null,
  now: number,
  permission?: string,
): Buffer {
  return encode({
    errorMessage: text,
    payload: { code, messageId: messageIdItem === null ? undefined : new Raw(messageIdItem), permission },
    targetId,
    timestamp: now,
    type: 'error',
  });
}

/** A failed response created by the router. `requestIdItem` is the encoded request id. */
export function failedResponse(
  targetId: string,
  requestIdItem: Buffer,
  code: ErrorCode,
  text: string,
  now: number,
  permission?: string,
): Buffer {
  return encode({
    errorMessage: text,
    payload: { code, permission, requestId: new Raw(requestIdItem) },
    senderId: ROUTER_ID,
    success: false,
    targetId,
    timestamp: now,
    type: 'response',
  });
}

export function eventMessage(type: string, data: Encodable, now: number): Buffer {
  return encode({ data, timestamp: now, type });
}
