import {
  DOUBLE,
  encode,
  frame,
  MessageScanner,
  mapWith,
  PREFIX_BYTES,
  Raw,
  ScanResult,
  UNREADABLE,
} from '../../wire/index.ts';
import type { Client } from '../client.ts';
import type { PausedSender, PauseQueue } from '../delivery/flush-queue.ts';
import { deliver, deliverToAll } from '../handlers/deliver.ts';
import type { MessageSource } from '../handlers/handler.ts';
import { type ErrorCode, TEXT } from '../messages.ts';
import type { Handover } from '../peers.ts';
import type { RouterCore } from '../router-core.ts';
import { ClientPage, type PageQuery } from './client-page.ts';
import { disconnectClient } from './disconnect.ts';
import { type OnOutcome, OperatorStream } from './operator-stream.ts';

/** The receivers of a message. */
export type MessageTarget =
  | { readonly kind: 'client'; readonly id: string }
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'all' };

/** A message or request that was not sent. */
export interface NotSent {
  readonly ok: false;
  readonly code: ErrorCode | 'node-unavailable';
  readonly text: string;
}
/** `receivers`: clients that it was queued to, on this node and others; those of others as far as this node can tell. */
export type SendOutcome = { readonly ok: true; readonly receivers: number } | NotSent;
export type RequestStart = { readonly ok: true; readonly cancel: () => void } | NotSent;

const TYPE_OF_TARGET = { client: 'unicast', group: 'multicast', all: 'broadcast' } as const;

/** Port of the operator to the clients: lists, disconnects, sends and requests, without a connection of its own. */
export class Operator implements MessageSource, PausedSender {
  readonly context: RouterCore;
  private readonly stream = new OperatorStream();
  private readonly newRequestId: () => string;
  /** Callers to resume when the queues are below their high watermarks. */
  private paused: (() => void)[] | null = null;

  constructor(core: RouterCore, newRequestId: () => string) {
    this.context = core;
    this.newRequestId = newRequestId;
  }

  page(query: PageQuery): ClientPage {
    return new ClientPage(this.context, query);
  }

  /** A client of this node. */
  find(id: string): Client | null {
    return this.context.registry.clients.get(id) ?? null;
  }

  /** Groups with their numbers of members; a group of several nodes comes once for each. */
  *groups(): Iterable<readonly [name: string, members: number]> {
    const { registry, peers } = this.context;
    for (const [name, members] of registry.groups) yield [name, members.size];
    for (const { groups } of peers?.directories() ?? []) yield* groups;
  }

  /**
   * Disconnects a client, which gets the reason. `sent`: its node has been asked to do so; `unavailable`: that node cannot be
   * reached at present.
   */
  disconnect(id: string, reason: string | null): 'done' | Handover {
    const client = this.find(id);
    if (client === null) return this.context.peers?.disconnect(id, reason) ?? 'unknown';
    disconnectClient(this.context, client, reason);
    return 'done';
  }

  /** Calls `run` as soon as the queues are below their high watermarks: now, or when they have drained. */
  whenWritable(run: () => void): void {
    if (this.paused === null) run();
    else this.paused.push(run);
  }

  /** Sends the CBOR map `payload`. */
  send(target: MessageTarget, payload: Buffer): SendOutcome {
    const message = this.message(TYPE_OF_TARGET[target.kind], target, payload);
    return this.transmit(message, (client) => this.deliver(target, client, message));
  }

  /** Sends a request with the CBOR map `payload`; `onOutcome` is called once, unless the request is cancelled. */
  request(id: string, payload: Buffer, timeoutMs: number, onOutcome: OnOutcome): RequestStart {
    const { pending, limits } = this.context;
    const requestId = this.newRequestId();
    const target: MessageTarget = { kind: 'client', id };
    const message = this.message('request', target, mapWith(payload, { requestId, timeoutMs }));
    const sent = this.transmit(message, (client) => {
      if ((client.outgoingRequests?.size ?? 0) >= limits.maxPendingRequests) {
        return { ok: false, code: 'overloaded', text: TEXT.tooManyPending(limits.maxPendingRequests) };
      }
      const local = this.find(id);
      const item = encode(requestId);
      const outcome = this.deliver(target, client, message);
      if (!outcome.ok) return outcome;
      if (local === null) pending.addRemote(client, id, requestId, item, timeoutMs);
      else pending.add(client, local, requestId, item, timeoutMs);
      return outcome;
    });
    if (!sent.ok) return sent;
    this.stream.expect(requestId, onOutcome);
    return { ok: true, cancel: () => this.cancel(id, requestId) };
  }

  pause(queue: PauseQueue): void {
    if (this.paused !== null) return;
    this.paused = [];
    queue.addPaused(this);
  }

  resume(): void {
    const waiting = this.paused ?? [];
    this.paused = null;
    for (const run of waiting) this.whenWritable(run);
  }

  private get client(): Client {
    return this.context.operator ?? this.context.createOperator(this.stream);
  }

  private cancel(id: string, requestId: string): void {
    this.stream.cancel(requestId);
    this.context.pending.answer(this.client, id, requestId);
  }

  /** Encodes the message after both prefixes. */
  private message(type: string, target: MessageTarget, payload: Buffer): Buffer {
    const body = encode({
      groupName: target.kind === 'group' ? target.name : undefined,
      payload: new Raw(payload),
      senderId: this.client.id,
      targetId: target.kind === 'client' ? target.id : undefined,
      timestamp: this.context.clock.now(),
      type,
    });
    return frame(body, DOUBLE);
  }

  /** Checks the message and makes it the current one of the router while `send` runs. */
  private transmit(message: Buffer, send: (client: Client) => SendOutcome): SendOutcome {
    const { header, forwarded, tick, limits, draining } = this.context;
    if (draining) return { ok: false, code: 'shutting-down', text: 'The router is shutting down' };
    if (message.length - BODY_START > limits.maxMessageBytes) {
      return { ok: false, code: 'too-large', text: TEXT.tooLarge(limits.maxMessageBytes) };
    }
    const text = validationError(message);
    if (text !== null) return { ok: false, code: 'malformed', text };
    tick.begin();
    header.expectedSender = header.expectedTarget = null;
    header.scan(message, BODY_START, message.length);
    forwarded.take(message, BODY_START, message.length, 2);
    const outcome = send(this.client);
    forwarded.clear();
    return outcome;
  }

  private deliver(target: MessageTarget, operator: Client, message: Buffer): SendOutcome {
    const { registry, peers, counters } = this.context;
    if (target.kind === 'client') return this.deliverToClient(target.id, message);
    const members = target.kind === 'all' ? registry.attached : registry.groups.get(target.name);
    const here = members === undefined ? 0 : deliverToAll(this, operator, members);
    const elsewhere = target.kind === 'all' ? peers?.sendToAll(this) : peers?.sendToGroup(this, target.name);
    const receivers = here + (elsewhere ?? 0);
    if (receivers === 0) counters.dropped.noMembers++;
    return { ok: true, receivers };
  }

  private deliverToClient(id: string, message: Buffer): SendOutcome {
    const { counters, peers } = this.context;
    const stream = this.find(id)?.stream ?? null;
    if (stream !== null) {
      deliver(this, stream);
      return { ok: true, receivers: 1 };
    }
    const handover = peers?.send(this, message) ?? 'unknown';
    if (handover === 'sent') return { ok: true, receivers: 1 };
    if (handover === 'unavailable') {
      counters.dropped.peerUnavailable++;
      return { ok: false, code: 'node-unavailable', text: `The router of client ${id} cannot be reached` };
    }
    counters.dropped.targetNotFound++;
    return { ok: false, code: 'not-found', text: TEXT.notFound(id) };
  }
}

const BODY_START = 2 * PREFIX_BYTES;
const scanner = new MessageScanner();

/** The reason why clients could not read the message; null when they can. */
function validationError(message: Buffer): string | null {
  const result = scanner.scan(message, BODY_START, message.length);
  if (result === ScanResult.ok) return null;
  return result === UNREADABLE ? TEXT.unreadable : TEXT.malformed;
}
