import type { Client, PendingRequest } from './client.ts';
import type { Counters } from './counters.ts';
import type { Clock } from './interfaces.ts';
import { type ErrorCode, failedResponse, TEXT } from './messages.ts';
import type { PendingRequests } from './pending-requests.ts';

/** The part of the router that unanswered requests use. */
interface RequestsContext {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly pending: PendingRequests;
}

/** Fails the requests that get no response, and counts them. */
export class UnansweredRequests {
  private readonly context: RequestsContext;

  constructor(context: RequestsContext) {
    this.context = context;
  }

  timedOut(request: PendingRequest): void {
    this.context.counters.dropped.requestTimeout++;
    this.fail(request, 'timeout', TEXT.requestTimeout);
  }

  /** `client` has no stream any more: fails the requests to it and drops those it has sent. */
  clientGone(client: Client): void {
    this.failAll(this.context.pending.settleAll(client), client.id);
  }

  /** The client `id` of another node, or its stream, is closed: fails the requests to it. */
  remoteClientGone(id: string): void {
    this.failAll(this.context.pending.settleRemote(id), id);
  }

  private failAll(requests: readonly PendingRequest[], responderId: string): void {
    for (const request of requests) {
      this.context.counters.dropped.targetDisconnected++;
      this.fail(request, 'not-found', TEXT.notFound(responderId));
    }
  }

  private fail({ requester, requestIdItem }: PendingRequest, code: ErrorCode, text: string): void {
    requester.stream?.send(failedResponse(requester.id, requestIdItem, code, text, this.context.clock.now()));
  }
}
