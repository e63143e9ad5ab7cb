import type { MessageScanner } from '../../wire/index.ts';
import type { Client } from '../client.ts';
import type { RouterContext } from '../context.ts';
import { deliver, deliverElsewhere, findTarget } from './deliver.ts';
import { type MessageHandler, refuseMissing } from './handler.ts';
import { requestIdOf } from './request-id.ts';

/** The operator, if it is the client `bytes[targetStart..targetEnd)`. */
function operatorNamed({ operator }: RouterContext, bytes: Buffer, header: MessageScanner): Client | null {
  return operator?.hasId(bytes, header.targetStart, header.targetEnd) ? operator : null;
}

export const response: MessageHandler = (session, sender, bytes) => {
  const { header, counters, pending } = session.context;
  const requestId = requestIdOf(session, bytes);
  if (requestId === null || header.targetStart < 0) {
    refuseMissing(session, 'response', requestId === null ? 'payload.requestId' : 'targetId', bytes);
    return;
  }
  const target = findTarget(session, bytes) ?? operatorNamed(session.context, bytes, header);
  if (target?.stream == null) deliverElsewhere(session, bytes);
  else if (pending.answer(target, sender.id, requestId.text)) deliver(session, target.stream);
  else counters.dropped.lateResponse++;
};
