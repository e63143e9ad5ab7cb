/**
 * Plain numbers that the hot path increments. Nothing here allocates, formats or calls out: prom-client, the status
 * page and the statistics line read these fields when somebody asks.
 */

/** Message types of the p2p stream, in the order of the `*ByType` arrays. `unknown` counts malformed ones as well. */
export const MESSAGE_TYPES = [
  'unicast',
  'multicast',
  'broadcast',
  'request',
  'response',
  'heartbeat',
  'updateMetadata',
  'error',
  'unknown',
] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** Why a message reached nobody, or not everybody it was meant for. */
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
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Why a client was removed. The first three are texts of the protocol; see `closeReasonText`. */
export const CLOSE_REASONS = [
  'connectionLost',
  'inactivityTimeout',
  'zombie',
  'slowReaderBytes',
  'slowReaderDeadline',
  'memoryPressure',
  'tokenRevoked',
  'connectionLimitLowered',
  'shutdown',
] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** Why a TCP connection was refused or cut. */
export const REFUSE_REASONS = ['connectionLimit', 'draining', 'handshakeTimeout', 'tlsError', 'protocolError'] as const;
export type RefuseReason = (typeof REFUSE_REASONS)[number];

/** Methods of the service, plus everything else. */
export const METHODS = ['register', 'ping', 'getOnlineClients', 'p2p', 'events'] as const;
export type Method = (typeof METHODS)[number];

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

const UNKNOWN = MESSAGE_TYPES.indexOf('unknown');

/** Everything that is counted in one router. */
export class Counters {
  /** Messages and bytes that came in on p2p streams, by index into MESSAGE_TYPES. Bytes are CBOR bytes without framing. */
  readonly messagesInByType = new Float64Array(MESSAGE_TYPES.length);
  readonly bytesInByType = new Float64Array(MESSAGE_TYPES.length);
  /** Copies queued to receivers (one broadcast to 100 is 100), and their bytes, by index into MESSAGE_TYPES. */
  readonly messagesOutByType = new Float64Array(MESSAGE_TYPES.length);
  readonly bytesOutByType = new Float64Array(MESSAGE_TYPES.length);
  readonly dropped = zeroes(DROP_REASONS);
  /** Clients removed, by reason. */
  readonly closed = zeroes(CLOSE_REASONS);
  readonly refused = zeroes(REFUSE_REASONS);
  connectionsTotal = 0;
  clientsTotal = 0;
  slowReaders = 0;
  /** Times that the reading of a sender waited for its deliveries to be written. */
  sendersPaused = 0;
  authFailures = 0;
  /** From bytes read to bytes queued. */
  readonly routingLatency = new HistogramCounter(LATENCY_BOUNDS);
  /** Finished calls: method -> gRPC status name -> count. Both sets are closed. */
  readonly calls = new Map<Method, Map<string, number>>();
  readonly unaryDuration: Record<Method, HistogramCounter>;

  constructor() {
    this.unaryDuration = Object.fromEntries(METHODS.map((m) => [m, new HistogramCounter(UNARY_BOUNDS)])) as Record<
      Method,
      HistogramCounter
    >;
  }

  /** Counts a message that came in; `type` is an index into MESSAGE_TYPES. */
  countIn(type: number, bytes: number): void {
    (this.messagesInByType[type] as number)++;
    (this.bytesInByType[type] as number) += bytes;
  }

  /** Counts `copies` of a message of `bytes`, each queued to a receiver. */
  countOut(type: number, copies: number, bytes: number): void {
    (this.messagesOutByType[type] as number) += copies;
    (this.bytesOutByType[type] as number) += copies * bytes;
  }

  /** Counts a message that came in and could not be told by its type. */
  countUnknown(bytes: number): void {
    this.countIn(UNKNOWN, bytes);
  }

  /** Counts a finished call by its gRPC status name, for instance `OK` or `INVALID_ARGUMENT`. */
  callEnded(method: Method, status: string): void {
    let byStatus = this.calls.get(method);
    if (byStatus === undefined) {
      byStatus = new Map();
      this.calls.set(method, byStatus);
    }
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  }
}
