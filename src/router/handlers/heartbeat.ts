import { decodeValue, findValue, type MessageScanner } from '../../wire/index.ts';
import { TEXT } from '../messages.ts';
import type { MessageHandler } from './handler.ts';

const RECEIVED = Buffer.from('received');

/** Records activity, like every message. In a durable session a heartbeat also acknowledges, and is answered. */
export const heartbeat: MessageHandler = (session, sender, bytes) => {
  const { durable } = sender;
  if (durable === null) return;
  const received = receivedOf(session.context.header, bytes);
  if (durable.onHeartbeat(received ?? null) && received !== undefined) return;
  session.context.counters.dropped.malformed++;
  session.answerError('malformed', received === undefined ? TEXT.receivedInvalid : TEXT.receivedTooMuch, bytes);
};

/** The count of received messages; null without one, undefined if it is invalid. */
export function receivedOf(header: MessageScanner, bytes: Buffer): number | null | undefined {
  const { payloadStart, payloadEnd } = header;
  const item = payloadStart < 0 ? null : findValue(bytes, payloadStart, payloadEnd, RECEIVED);
  if (item === null) return null;
  const value = decodeValue(item);
  if (value === null) return null;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
