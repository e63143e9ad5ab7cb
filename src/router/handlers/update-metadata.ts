import { findValue, mapEntries } from '../../wire/index.ts';
import { MAX_METADATA_BYTES } from '../interfaces.ts';
import { TEXT } from '../messages.ts';
import type { MessageHandler } from './handler.ts';

const METADATA = Buffer.from('metadata');

export const updateMetadata: MessageHandler = (session, sender, bytes) => {
  const { header, counters } = session.context;
  const { payloadStart, payloadEnd } = header;
  const item = payloadStart < 0 ? null : findValue(bytes, payloadStart, payloadEnd, METADATA);
  const isTooLarge = item !== null && item.length > MAX_METADATA_BYTES;
  // other keys than texts would make every listing unreadable, and a duplicate key could hide a token
  if (item !== null && !isTooLarge && mapEntries(item, 0, item.length) !== null) {
    session.context.updateMetadata(sender, Buffer.from(item));
    return;
  }
  counters.dropped.invalidMetadata++;
  if (isTooLarge) session.answerError('too-large', TEXT.metadataTooLarge(MAX_METADATA_BYTES), bytes);
};
