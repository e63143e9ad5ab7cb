import type { Client, PendingRequest, Responder } from './client.ts';
import { type Clock, MAX_TIMER_MS } from './interfaces.ts';

/** Timeout of requests without one, so that unanswered requests do not accumulate. */
const DEFAULT_TIMEOUT_MS = 3_600_000;

/** Tracks unanswered requests. Indexed from both clients, so that either side's disconnect settles them in O(1). */
export class PendingRequests {
  /** Unanswered requests of all clients. */
  count = 0;
  /** Clients of other nodes that have unanswered requests, by id. */
  private readonly remote = new Map<string, Responder>();
  private readonly clock: Clock;
  private readonly onTimeout: (request: PendingRequest) => void;

  constructor(clock: Clock, onTimeout: (request: PendingRequest) => void) {
    this.clock = clock;
    this.onTimeout = onTimeout;
  }

  /** Adds a request, replacing one with the same id to the same responder. `timeoutMs` 0: the default. */
  add(requester: Client, responder: Responder, requestId: string, requestIdItem: Buffer, timeoutMs: number): void {
    const key = keyOf(requestId, responder.id);
    const earlier = requester.outgoingRequests?.get(key);
    // before the collections are created: removing drops those that become empty
    if (earlier !== undefined) this.remove(earlier);
    requester.outgoingRequests ??= new Map();
    responder.incomingRequests ??= new Set();
    const waitMs = timeoutMs > 0 ? Math.min(timeoutMs, MAX_TIMER_MS) : DEFAULT_TIMEOUT_MS;
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

  /** Adds a request to the client `responderId` of another node. */
  addRemote(requester: Client, responderId: string, requestId: string, requestIdItem: Buffer, timeoutMs: number): void {
    const responder = this.remote.get(responderId) ?? { id: responderId, incomingRequests: null };
    this.add(requester, responder, requestId, requestIdItem, timeoutMs);
    this.remote.set(responderId, responder);
  }

  /** Settles the request that the client `responderId` answers; false when it does not exist or has timed out. */
  answer(requester: Client, responderId: string, requestId: string): boolean {
    const request = requester.outgoingRequests?.get(keyOf(requestId, responderId));
    if (request === undefined) return false;
    this.remove(request);
    return true;
  }

  /** Removes all requests from and to a disconnected client; returns those to it. */
  settleAll(client: Client): PendingRequest[] {
    for (const request of [...(client.outgoingRequests?.values() ?? [])]) this.remove(request);
    return this.settleIncoming(client);
  }

  /** Ids of the clients of other nodes that have unanswered requests. */
  remoteResponders(): string[] {
    return [...this.remote.keys()];
  }

  /** Removes and returns the requests to a client of another node. */
  settleRemote(responderId: string): PendingRequest[] {
    const responder = this.remote.get(responderId);
    return responder === undefined ? [] : this.settleIncoming(responder);
  }

  private settleIncoming(responder: Responder): PendingRequest[] {
    const orphaned = [...(responder.incomingRequests ?? [])];
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
    if (incomingRequests?.size === 0) {
      request.responder.incomingRequests = null;
      if (this.remote.size > 0) this.remote.delete(request.responder.id);
    }
    this.count--;
  }
}

/** Only the addressed client may answer, so its id is part of the key. */
function keyOf(requestId: string, responderId: string): string {
  return `${responderId} ${requestId}`;
}
