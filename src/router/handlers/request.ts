import { decodeValue, findValue } from '../../wire/index.ts';
import type { Client } from '../client.ts';
import { type ErrorCode, failedResponse, TEXT } from '../messages.ts';
import type { Handover } from '../peers.ts';
import { deliver, deliverElsewhere, findTarget, targetIdOf } from './deliver.ts';
import { type MessageHandler, refuseMissing, type SenderSession } from './handler.ts';
import { type RequestId, requestIdOf } from './request-id.ts';

const TIMEOUT_MS = Buffer.from('timeoutMs');

/** Delivers a request and tracks it until its response; without a response the router answers with a failed one. */
export const request: MessageHandler = (session, sender, bytes) => {
  const { header, counters, limits, log, tick } = session.context;
  const requestId = requestIdOf(session, bytes);
  if (requestId === null || header.targetStart < 0) {
    refuseMissing(session, 'request', requestId === null ? 'payload.requestId' : 'targetId', bytes);
    return;
  }
  const fail = (code: ErrorCode, text: string): void =>
    session.send(failedResponse(sender.id, requestId.item, code, text, tick.nowMs));
  const handover = forward(session, sender, requestId, bytes);
  if (handover === 'sent') return;
  if (handover === 'overloaded') {
    counters.dropped.tooManyPending++;
    log.warnOnce('pending-requests', 'Request refused: too many pending', { client: sender.id });
    fail('overloaded', TEXT.tooManyPending(limits.maxPendingRequests));
  } else {
    fail('not-found', TEXT.notFound(targetIdOf(session, bytes)));
  }
};

/** Delivers the request on this node, or sends it to the node of its target. */
function forward(session: SenderSession, sender: Client, requestId: RequestId, bytes: Buffer): Handover | 'overloaded' {
  const { pending, peers, limits } = session.context;
  const target = findTarget(session, bytes);
  const stream = target?.stream ?? null;
  const isFull = (sender.outgoingRequests?.size ?? 0) >= limits.maxPendingRequests;
  // without a receiver the request fails in any case
  if (isFull && (stream !== null || peers !== null)) return 'overloaded';
  if (target !== null && stream !== null) {
    pending.add(sender, target, requestId.text, requestId.item, timeoutOf(session, bytes));
    deliver(session, stream);
    return 'sent';
  }
  const handover = deliverElsewhere(session, bytes);
  if (handover === 'sent') {
    const targetId = targetIdOf(session, bytes);
    pending.addRemote(sender, targetId, requestId.text, requestId.item, timeoutOf(session, bytes));
  }
  return handover;
}

function timeoutOf(session: SenderSession, bytes: Buffer): number {
  const { payloadStart, payloadEnd } = session.context.header;
  const item = findValue(bytes, payloadStart, payloadEnd, TIMEOUT_MS);
  const value = item === null ? 0 : decodeValue(item);
  return typeof value === 'number' && value > 0 ? value : 0;
}
