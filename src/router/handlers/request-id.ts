import { decodeValue, findValue } from '../../wire/index.ts';
import { MAX_NAME_BYTES } from '../interfaces.ts';
import type { MessageSource } from './handler.ts';

const REQUEST_ID = Buffer.from('requestId');

export interface RequestId {
  readonly text: string;
  /** Encoded by the client. */
  readonly item: Buffer;
}

/** The payload's requestId, or null. It is kept while the request is pending, so its length is limited. */
export function requestIdOf(session: MessageSource, bytes: Buffer): RequestId | null {
  const { payloadStart, payloadEnd } = session.context.header;
  if (payloadStart < 0) return null;
  const item = findValue(bytes, payloadStart, payloadEnd, REQUEST_ID);
  const text = item === null || item.length > MAX_NAME_BYTES ? undefined : decodeValue(item);
  return item !== null && typeof text === 'string' ? { text, item: Buffer.from(item) } : null;
}
