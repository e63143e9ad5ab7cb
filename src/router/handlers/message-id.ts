import { findValue, type MessageScanner } from '../../wire/index.ts';
import { MAX_NAME_BYTES } from '../interfaces.ts';

const MESSAGE_ID = Buffer.from('messageId');

/** The item of `payload.messageId`, by which a sender recognizes the error about its message; null without one. */
export function messageIdOf({ payloadStart, payloadEnd }: MessageScanner, bytes: Buffer): Buffer | null {
  const item = payloadStart < 0 ? null : findValue(bytes, payloadStart, payloadEnd, MESSAGE_ID);
  return item === null || item.length > MAX_NAME_BYTES ? null : Buffer.from(item);
}
