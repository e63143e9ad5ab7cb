import { TEXT } from '../messages.ts';
import { deliver, findTarget, targetIdOf } from './deliver.ts';
import { type MessageHandler, refuseMissing } from './handler.ts';

export const unicast: MessageHandler = (session, _sender, bytes) => {
  const { header, counters } = session.context;
  if (header.targetStart < 0) {
    refuseMissing(session, 'unicast', 'targetId');
    return;
  }
  const stream = findTarget(session, bytes)?.stream;
  if (stream) deliver(session, stream);
  else {
    counters.dropped.targetNotFound++;
    session.answerError(TEXT.notFound(targetIdOf(session, bytes)));
  }
};
