import { DEFAULT_POLICY, type ReconnectPolicy } from './backoff.ts';
import { RouterError } from './errors.ts';
import type { TlsOptions } from './transport.ts';
import { checkPayload, type Payload } from './values.ts';

/** A token, or a function that returns one: it is called again for each connection. */
export type TokenSource = string | (() => string | Promise<string>);

/** Options of `connect`. */
export interface ConnectOptions {
  /** The name that other clients see. */
  readonly name?: string;
  /** Groups to be in from the start. */
  readonly groups?: readonly string[];
  /** A map that other clients see and can filter by. */
  readonly metadata?: Payload;
  /** For routers that require one. */
  readonly token?: TokenSource;
  /**
   * Whether to ask for a session: a lost connection then loses no message and no identity. Default true. A router without
   * sessions is used without.
   */
  readonly session?: boolean;
  readonly reconnect?: ReconnectPolicy;
  /** Whether `connect` goes on trying when the first attempt fails, instead of rejecting. Default false. */
  readonly waitOnFirstConnect?: boolean;
  /** Time for a connection to open and to register, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** How long `request`, `clients` and `ping` wait unless told otherwise, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
  /** A heartbeat is sent this often, in milliseconds. Default 20,000. */
  readonly heartbeatIntervalMs?: number;
  /** A connection without an answer to a heartbeat for so long is given up, in milliseconds. Default 10,000. */
  readonly heartbeatTimeoutMs?: number;
  /** Bytes of messages that may wait for the router's acknowledgement. Default 4 MiB. */
  readonly bufferBytes?: number;
  /** Node.js only. */
  readonly tls?: TlsOptions;
  /** Aborting it closes the client at once. */
  readonly signal?: AbortSignal;
}

export interface ResolvedOptions {
  readonly name: string | null;
  readonly groups: readonly string[];
  readonly metadata: Payload;
  readonly token: TokenSource | null;
  readonly session: boolean;
  readonly reconnect: Required<ReconnectPolicy>;
  readonly waitOnFirstConnect: boolean;
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly bufferBytes: number;
  readonly tls: TlsOptions | null;
  readonly signal: AbortSignal | null;
}

export function resolveOptions(options: ConnectOptions): ResolvedOptions {
  if (options.metadata !== undefined) checkPayload(options.metadata);
  return {
    name: options.name ?? null,
    groups: [...(options.groups ?? [])],
    metadata: options.metadata ?? {},
    token: options.token ?? null,
    session: options.session ?? true,
    reconnect: { ...DEFAULT_POLICY, ...options.reconnect },
    waitOnFirstConnect: options.waitOnFirstConnect ?? false,
    connectTimeoutMs: positive('connectTimeoutMs', options.connectTimeoutMs ?? 10_000),
    timeoutMs: positive('timeoutMs', options.timeoutMs ?? 30_000),
    heartbeatIntervalMs: positive('heartbeatIntervalMs', options.heartbeatIntervalMs ?? 20_000),
    heartbeatTimeoutMs: positive('heartbeatTimeoutMs', options.heartbeatTimeoutMs ?? 10_000),
    bufferBytes: positive('bufferBytes', options.bufferBytes ?? 4 * 1024 * 1024),
    tls: options.tls ?? null,
    signal: options.signal ?? null,
  };
}

/** Of a single call. */
export interface CallOptions {
  /** In milliseconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Timers take at most 2^31 - 1 milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

function positive(name: string, value: number): number {
  if (Number.isFinite(value) && value > 0 && value <= LONGEST_MS) return value;
  throw new RouterError('invalid-value', `${name} must be between 1 and ${LONGEST_MS}, got ${value}`);
}
