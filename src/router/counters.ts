import { MESSAGE_TYPES, TypeCode } from '../wire/index.ts';
import { PERMISSIONS } from './identity.ts';

/**
 * Plain numbers that the hot path increments, without an allocation or a call: metrics, status page and statistics read
 * them on demand.
 */

/** Reasons for which a message was not delivered, or not to all its receivers. */
export const DROP_REASONS = [
  'targetNotFound',
  'noMembers',
  'targetDisconnected',
  'lateResponse',
  'malformed',
  'unreadable',
  'missingField',
  'unknownType',
  'notBound',
  'tooLarge',
  'tooManyPending',
  'requestTimeout',
  'invalidMetadata',
  'noMemory',
  'sessionExpired',
  'peerUnavailable',
  'forbidden',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Reasons for which a client was removed; for the texts see `closeReasonText`. */
export const CLOSE_REASONS = [
  'connectionLost',
  'inactivityTimeout',
  'zombie',
  'slowReaderBytes',
  'slowReaderDeadline',
  'memoryPressure',
  'tokenRevoked',
  'tokenExpired',
  'connectionLimitLowered',
  'shutdown',
  'sessionExpired',
  'sessionEnded',
  'operator',
] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** Reasons for which a token was refused. */
export const LOGIN_FAILURES = ['noToken', 'malformed', 'unknownToken', 'invalidToken', 'expired'] as const;
export type LoginFailure = (typeof LOGIN_FAILURES)[number];

/** Reasons for which a TCP connection was refused or closed. */
export const REFUSE_REASONS = [
  'connectionLimit',
  'addressLimit',
  'draining',
  'handshakeTimeout',
  'proxyProtocol',
  'tlsError',
  'protocolError',
] as const;
export type RefuseReason = (typeof REFUSE_REASONS)[number];

function zeroes<K extends string>(keys: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
}

/**
 * Fixed buckets in seconds, 10 us to 1 s, as plain arrays. One instance per histogram; `observe` is a short linear search,
 * because nearly every observation falls into the first few buckets.
 */
export class HistogramCounter {
  readonly counts: Float64Array;
  sum = 0;
  count = 0;

  constructor(readonly boundsSeconds: readonly number[]) {
    this.counts = new Float64Array(boundsSeconds.length + 1);
  }

  /** Adds `times` observations of the same `seconds`. */
  observe(seconds: number, times = 1): void {
    const bounds = this.boundsSeconds;
    let i = 0;
    while (i < bounds.length && seconds > (bounds[i] as number)) i++;
    (this.counts[i] as number) += times;
    this.sum += seconds * times;
    this.count += times;
  }
}

const LATENCY_BOUNDS = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1,
];
const UNARY_BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Everything that is counted in one router. */
export class Counters {
  /** Messages and bytes received on p2p streams, by type code. Bytes are CBOR bytes without framing. */
  readonly messagesInByType = new Float64Array(MESSAGE_TYPES.length);
  readonly bytesInByType = new Float64Array(MESSAGE_TYPES.length);
  /** Copies queued to receivers (one broadcast to 100 is 100), and their bytes, by type code. */
  readonly messagesOutByType = new Float64Array(MESSAGE_TYPES.length);
  readonly bytesOutByType = new Float64Array(MESSAGE_TYPES.length);
  readonly dropped = zeroes(DROP_REASONS);
  /** Clients removed, by reason. */
  readonly closed = zeroes(CLOSE_REASONS);
  readonly refused = zeroes(REFUSE_REASONS);
  connectionsTotal = 0;
  /** Of those, the WebSockets. */
  webSocketsTotal = 0;
  clientsTotal = 0;
  slowReaders = 0;
  /** Times a sender was paused by backpressure. */
  sendersPaused = 0;
  authFailures = 0;
  /** The same by reason. */
  readonly loginFailures = zeroes(LOGIN_FAILURES);
  /** Operations that the role of the client does not allow, by the missing permission. */
  readonly forbidden = zeroes(PERMISSIONS);
  /** Sessions taken up again, and those whose window passed. */
  sessionsResumed = 0;
  sessionsExpired = 0;
  /** Messages sent again after a resume, and those that could not be kept. */
  sessionMessagesReplayed = 0;
  sessionMessagesLost = 0;
  /** From bytes read to bytes queued. */
  readonly routingLatency = new HistogramCounter(LATENCY_BOUNDS);
  /** Finished calls: method -> gRPC status name -> count. Both sets are closed. */
  readonly calls = new Map<string, Map<string, number>>();
  private readonly unaryDuration = new Map<string, HistogramCounter>();

  /** Counts a received message; `type` is its code. */
  countIn(type: number, bytes: number): void {
    (this.messagesInByType[type] as number)++;
    (this.bytesInByType[type] as number) += bytes;
  }

  /** Counts `copies` of a message of `bytes`, each queued to one receiver. */
  countOut(type: number, copies: number, bytes: number): void {
    (this.messagesOutByType[type] as number) += copies;
    (this.bytesOutByType[type] as number) += copies * bytes;
  }

  /** Counts a received message of no known type. */
  countUnknown(bytes: number): void {
    this.countIn(TypeCode.unknown, bytes);
  }

  /** Counts a finished call by its gRPC status name, for instance `OK` or `INVALID_ARGUMENT`. */
  callEnded(method: string, status: string): void {
    let byStatus = this.calls.get(method);
    if (byStatus === undefined) {
      byStatus = new Map();
      this.calls.set(method, byStatus);
    }
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  }

  /** The durations of finished calls of a unary method. */
  durationsOf(method: string): HistogramCounter {
    let durations = this.unaryDuration.get(method);
    if (durations === undefined) {
      durations = new HistogramCounter(UNARY_BOUNDS);
      this.unaryDuration.set(method, durations);
    }
    return durations;
  }
}
