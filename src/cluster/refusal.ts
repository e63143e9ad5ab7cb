import type { UndeliveredMessage } from '../router/index.ts';
import { decodeValue, encode, findValue, Raw, skipItem } from '../wire/index.ts';

/** The body of a `refusal` frame: a CBOR map of the target's id and the ids that the answer to the sender repeats. */

const KEY = {
  target: Buffer.from('target'),
  request: Buffer.from('request'),
  message: Buffer.from('message'),
};

export function encodeRefusal({ targetId, requestIdItem, messageIdItem }: UndeliveredMessage): Buffer {
  return encode({
    message: messageIdItem === null ? undefined : new Raw(messageIdItem),
    request: requestIdItem === null ? undefined : new Raw(requestIdItem),
    target: targetId,
  });
}

/** Null when the body cannot be read. `senderId` is the name of the frame. */
export function decodeRefusal(senderId: string, body: Buffer): UndeliveredMessage | null {
  if (skipItem(body, 0, body.length, 0) !== body.length) return null;
  const item = (key: Buffer): Buffer | null => findValue(body, 0, body.length, key);
  const target = item(KEY.target);
  const targetId = target === null ? null : decodeValue(target);
  if (typeof targetId !== 'string') return null;
  const requestIdItem = item(KEY.request);
  const requestId = requestIdItem === null ? null : decodeValue(requestIdItem);
  return {
    senderId,
    targetId,
    requestId: typeof requestId === 'string' ? requestId : null,
    requestIdItem,
    messageIdItem: item(KEY.message),
  };
}
