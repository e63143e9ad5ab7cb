import { TEXT } from '../messages.ts';
import { deliver, deliverElsewhere, findTarget, targetIdOf } from './deliver.ts';
import { type MessageHandler, refuseMissing } from './handler.ts';

export const unicast: MessageHandler = (session, _sender, bytes) => {
  if (session.context.header.targetStart < 0) {
    refuseMissing(session, 'unicast', 'targetId', bytes);
    return;
  }
  const stream = findTarget(session, bytes)?.stream;
  if (stream) deliver(session, stream);
  else if (deliverElsewhere(session, bytes) !== 'sent') {
    session.answerError('not-found', TEXT.notFound(targetIdOf(session, bytes)), bytes);
  }
};
