import { callUnary } from './calls.ts';
import { asRouterError, type ErrorCode, RouterError, routerCode } from './errors.ts';
import { mapOf, numberOf, textOf, type WireMessage } from './messages.ts';
import type { ClientStream, Transport } from './transport.ts';
import { decodeMap, encodeMap, type Payload, type Value } from './values.ts';

/** The router's answer to a registration. */
export interface Registration {
  readonly clientId: string;
  /** Null when the router knows no sessions, or none was asked for. */
  readonly session: SessionState | null;
}

export interface SessionState {
  readonly token: string;
  /** Whether the session that was asked for goes on. */
  readonly resumed: boolean;
  /** Messages of this client that the router has received in it. */
  readonly received: number;
  readonly windowMs: number;
  /** Messages to this client that could not be kept. */
  readonly lost: number;
}

/** Registers over `transport`. Throws `unauthenticated` or `refused` when the router says no. */
export async function register(transport: Transport, request: Payload, timeoutMs: number): Promise<Registration> {
  const answer = await callUnary(transport, 'register', request, { timeoutMs });
  if (answer.success !== true) {
    const message = textOf(answer.errorMessage) ?? 'The router refused the registration';
    throw new RouterError(/authentication|token/i.test(message) ? 'unauthenticated' : 'refused', message);
  }
  const clientId = textOf(answer.clientId);
  if (clientId === null) throw new RouterError('protocol', 'register: the answer has no clientId');
  return { clientId, session: sessionOf(answer.session) };
}

function sessionOf(value: Value | undefined): SessionState | null {
  const map = mapOf(value);
  const token = textOf(map.token);
  if (token === null) return null;
  return {
    token,
    resumed: map.resumed === true,
    received: numberOf(map.received) ?? 0,
    windowMs: numberOf(map.windowMs) ?? 0,
    lost: numberOf(map.lost) ?? 0,
  };
}

/** Where the messages and the end of a p2p stream go. */
export interface P2pHandler {
  onMessage(message: Record<string, Value>, bytes: number): void;
  onEnd(error: RouterError): void;
}

/** The p2p stream of one connection. */
export class P2pStream {
  /** Resolves when the router has bound the stream to the client. */
  readonly bound: Promise<void>;
  private readonly stream: ClientStream;
  private readonly clientId: string;
  private readonly handler: P2pHandler;
  /** Code of the last message when that was an `error`: the reason of an end that follows. */
  private lastError: ErrorCode | null = null;
  private confirm: (() => void) | null = null;
  private refuse: ((error: RouterError) => void) | null = null;

  constructor(transport: Transport, registration: Registration, handler: P2pHandler) {
    this.clientId = registration.clientId;
    this.handler = handler;
    this.bound = new Promise((resolve, reject) => {
      this.confirm = resolve;
      this.refuse = reject;
    });
    // the caller may learn of the end by `onEnd` alone
    this.bound.catch(() => {});
    this.stream = transport.open('p2p', {
      onMessage: (body) => this.receive(body),
      onEnd: (error) => this.ended(error ?? new RouterError('unreachable', 'The router ended the stream')),
    });
    this.heartbeat(registration.session === null ? {} : { session: registration.session.token });
  }

  /** Sends an encoded message. */
  write(body: Uint8Array): void {
    this.stream.write(body);
  }

  heartbeat(payload: Payload): void {
    const message: WireMessage = { type: 'heartbeat', senderId: this.clientId, payload, timestamp: Date.now() };
    this.stream.write(encodeMap(message));
  }

  /** Half-closes: the router ends the session and the stream. */
  end(): void {
    this.stream.end();
  }

  private ended(error: RouterError): void {
    // an `error` of this code that concerns metadata or groups does not end the stream
    const isTooLarge = this.lastError === 'too-large' && error.code === 'overloaded';
    const reason = isTooLarge ? new RouterError('too-large', error.message) : error;
    this.refuse?.(reason);
    this.handler.onEnd(reason);
  }

  private receive(body: Uint8Array): void {
    let message: Record<string, Value>;
    try {
      message = decodeMap(body);
    } catch (error) {
      this.ended(asRouterError(error, 'protocol'));
      return;
    }
    this.lastError = message.type === 'error' ? routerCode(mapOf(message.payload).code, 'protocol') : null;
    if (this.confirm !== null) {
      if (message.type === 'heartbeat' && mapOf(message.payload).connected === true) {
        this.confirm();
        this.confirm = this.refuse = null;
        return;
      }
      if (message.type === 'error') {
        this.refuse?.(new RouterError('refused', textOf(message.errorMessage) ?? 'The router refused the stream'));
        return;
      }
    }
    this.handler.onMessage(message, body.length);
  }
}
