import { MESSAGE_TYPES, type MessageType } from '../../wire/index.ts';
import { TEXT } from '../messages.ts';
import { broadcast } from './broadcast.ts';
import { type MessageHandler, refuseMissing } from './handler.ts';
import { heartbeat } from './heartbeat.ts';
import { multicast } from './multicast.ts';
import { request } from './request.ts';
import { response } from './response.ts';
import { unicast } from './unicast.ts';
import { updateGroups } from './update-groups.ts';
import { updateMetadata } from './update-metadata.ts';

const error: MessageHandler = (session, sender) => {
  session.context.log.warnOnce('client-error', 'A client reported an error', { client: sender.id });
};

const unknown: MessageHandler = (session, _sender, bytes) => {
  if (session.context.header.hasType) {
    session.context.counters.dropped.unknownType++;
    session.answerError('malformed', TEXT.unknownType, bytes);
  } else refuseMissing(session, 'unknown', 'type', bytes);
};

const HANDLERS: Readonly<Record<MessageType, MessageHandler>> = {
  unicast,
  multicast,
  broadcast,
  request,
  response,
  heartbeat,
  updateMetadata,
  updateGroups,
  error,
  unknown,
};

/** The handlers in the order of the types' codes. */
export const HANDLER_BY_CODE: readonly MessageHandler[] = MESSAGE_TYPES.map((type) => HANDLERS[type]);
