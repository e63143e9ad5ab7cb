import { TEXT } from '../messages.ts';
import { deliver, findTarget, targetIdOf } from './deliver.ts';
import { type MessageHandler, refuseMissing } from './handler.ts';

export const unicast: MessageHandler = (session, _sender, bytes) => {
  const { header, counters } = session.context;
  if (header.targetStart < 0) {
    refuseMissing(session, 'unicast', 'targetId', bytes);
    return;
  }
  const stream = findTarget(session, bytes)?.stream;
  if (stream) deliver(session, stream);
  else {
    counters.dropped.targetNotFound++;
    session.answerError('not-found', TEXT.notFound(targetIdOf(session, bytes)), bytes);
  }
};
