import { decodeValue, findValue } from '../../wire/index.ts';
import { type ErrorCode, failedResponse, TEXT } from '../messages.ts';
import { deliver, findTarget, targetIdOf } from './deliver.ts';
import { type MessageHandler, refuseMissing, type SenderSession } from './handler.ts';
import { requestIdOf } from './request-id.ts';

const TIMEOUT_MS = Buffer.from('timeoutMs');

/** Delivers a request and waits for its response; a request that gets none is answered by a failed one. */
export const request: MessageHandler = (session, sender, bytes) => {
  const { header, counters, pending, limits, log, tick } = session.context;
  const requestId = requestIdOf(session, bytes);
  if (requestId === null || header.targetStart < 0) {
    refuseMissing(session, 'request', requestId === null ? 'payload.requestId' : 'targetId', bytes);
    return;
  }
  const fail = (code: ErrorCode, text: string): void =>
    session.send(failedResponse(sender.id, requestId.item, code, text, tick.nowMs));
  const target = findTarget(session, bytes);
  if (target?.stream == null) {
    counters.dropped.targetNotFound++;
    fail('not-found', TEXT.notFound(targetIdOf(session, bytes)));
  } else if ((sender.outgoingRequests?.size ?? 0) >= limits.maxPendingRequests) {
    counters.dropped.tooManyPending++;
    log.warnOnce('pending-requests', 'Request refused: too many pending', { client: sender.id });
    fail('overloaded', TEXT.tooManyPending(limits.maxPendingRequests));
  } else {
    pending.add(sender, target, requestId.text, requestId.item, timeoutOf(session, bytes));
    deliver(session, target.stream);
  }
};

function timeoutOf(session: SenderSession, bytes: Buffer): number {
  const { payloadStart, payloadEnd } = session.context.header;
  const item = findValue(bytes, payloadStart, payloadEnd, TIMEOUT_MS);
  const value = item === null ? 0 : decodeValue(item);
  return typeof value === 'number' && value > 0 ? value : 0;
}
