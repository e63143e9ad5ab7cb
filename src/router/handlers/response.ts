import { deliver, deliverElsewhere, findTarget } from './deliver.ts';
import { type MessageHandler, refuseMissing } from './handler.ts';
import { requestIdOf } from './request-id.ts';

export const response: MessageHandler = (session, sender, bytes) => {
  const { header, counters, pending } = session.context;
  const requestId = requestIdOf(session, bytes);
  if (requestId === null || header.targetStart < 0) {
    refuseMissing(session, 'response', requestId === null ? 'payload.requestId' : 'targetId', bytes);
    return;
  }
  const target = findTarget(session, bytes);
  if (target?.stream == null) deliverElsewhere(session, bytes);
  else if (pending.answer(target, sender.id, requestId.text)) deliver(session, target.stream);
  else counters.dropped.lateResponse++;
};
