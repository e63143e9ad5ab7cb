import type { Client } from './client.ts';
import type { Clock } from './interfaces.ts';

/** A request without a timeout of its own is given up after this long, so that unanswered ones cannot pile up for ever. */
const LONGEST_WAIT_MS = 3_600_000;
/** The longest delay that a timer takes. */
const LONGEST_TIMER_MS = 0x7fffffff;

/** A request that was delivered and not answered yet. */
export interface PendingRequest {
  readonly key: string;
  readonly requester: Client;
  readonly responder: Client;
  /** The request's id as the requester encoded it. */
  readonly requestIdItem: Buffer;
  readonly cancelTimer: () => void;
}

/** Keeps who waits for whom. Both sides hold the entry, so that either one's end settles it at once. */
export class PendingRequests {
  /** Requests waiting, over all clients. */
  count = 0;
  private readonly clock: Clock;
  private readonly onTimeout: (request: PendingRequest) => void;

  constructor(clock: Clock, onTimeout: (request: PendingRequest) => void) {
    this.clock = clock;
    this.onTimeout = onTimeout;
  }

  /** Notes a request; one with the same id to the same responder is replaced. `timeoutMs` 0 means none of its own. */
  add(requester: Client, responder: Client, requestId: string, requestIdItem: Buffer, timeoutMs: number): void {
    const key = keyOf(requestId, responder);
    const earlier = requester.outgoingRequests?.get(key);
    // drops the collections that it leaves empty, so they are made behind it
    if (earlier !== undefined) this.remove(earlier);
    requester.outgoingRequests ??= new Map();
    responder.incomingRequests ??= new Set();
    const waitMs = timeoutMs > 0 ? Math.min(timeoutMs, LONGEST_TIMER_MS) : LONGEST_WAIT_MS;
    const request: PendingRequest = {
      key,
      requester,
      responder,
      requestIdItem,
      cancelTimer: this.clock.after(waitMs, () => this.expire(request)),
    };
    requester.outgoingRequests.set(key, request);
    responder.incomingRequests.add(request);
    this.count++;
  }

  /** Settles the request that `responder` answers; false when there is none, or not any more. */
  answer(requester: Client, responder: Client, requestId: string): boolean {
    const request = requester.outgoingRequests?.get(keyOf(requestId, responder));
    if (request === undefined) return false;
    this.remove(request);
    return true;
  }

  /** Forgets the requests of a client that has gone, and returns those that others had put to it. */
  settleAll(client: Client): PendingRequest[] {
    for (const request of [...(client.outgoingRequests?.values() ?? [])]) this.remove(request);
    const orphaned = [...(client.incomingRequests ?? [])];
    for (const request of orphaned) this.remove(request);
    return orphaned;
  }

  private expire(request: PendingRequest): void {
    this.remove(request);
    this.onTimeout(request);
  }

  private remove(request: PendingRequest): void {
    request.cancelTimer();
    const { outgoingRequests } = request.requester;
    const { incomingRequests } = request.responder;
    outgoingRequests?.delete(request.key);
    incomingRequests?.delete(request);
    if (outgoingRequests?.size === 0) request.requester.outgoingRequests = null;
    if (incomingRequests?.size === 0) request.responder.incomingRequests = null;
    this.count--;
  }
}

/** Only the client that was asked may answer, so its id is part of the key. */
function keyOf(requestId: string, responder: Client): string {
  return `${responder.id} ${requestId}`;
}
