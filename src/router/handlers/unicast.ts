import { TEXT } from '../messages.ts';
import { deliver, findTarget, targetIdOf } from './deliver.ts';
import { type MessageHandler, refuseMissing } from './handler.ts';

export const unicast: MessageHandler = (session, _sender, bytes) => {
  const { header, counters, peers } = session.context;
  if (header.targetStart < 0) {
    refuseMissing(session, 'unicast', 'targetId', bytes);
    return;
  }
  const stream = findTarget(session, bytes)?.stream;
  if (stream) {
    deliver(session, stream);
    return;
  }
  const handover = peers === null ? 'unknown' : peers.send(session, bytes);
  if (handover !== 'sent') {
    counters.dropped[handover === 'unknown' ? 'targetNotFound' : 'peerUnavailable']++;
    session.answerError('not-found', TEXT.notFound(targetIdOf(session, bytes)), bytes);
  }
};
