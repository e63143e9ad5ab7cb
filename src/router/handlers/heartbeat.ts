import { decodeValue, findValue } from '../../wire/index.ts';
import { TEXT } from '../messages.ts';
import type { MessageHandler, SenderSession } from './handler.ts';

const RECEIVED = Buffer.from('received');

/** Every message counts as activity of its sender. In a durable session a heartbeat also acknowledges, and is answered. */
export const heartbeat: MessageHandler = (session, sender, bytes) => {
  const { durable } = sender;
  if (durable === null || durable.onHeartbeat(receivedOf(session, bytes))) return;
  session.context.counters.dropped.malformed++;
  session.answerError('malformed', TEXT.receivedTooMuch, bytes);
};

function receivedOf(session: SenderSession, bytes: Buffer): number | null {
  const { payloadStart, payloadEnd } = session.context.header;
  const item = payloadStart < 0 ? null : findValue(bytes, payloadStart, payloadEnd, RECEIVED);
  const value = item === null ? null : decodeValue(item);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
