import { ScanResult, TypeCode } from '../wire/index.ts';
import type { ClientStream } from './client.ts';
import type { RouterContext } from './context.ts';
import { deliver, deliverToAll } from './handlers/deliver.ts';
import type { MessageSource } from './handlers/handler.ts';
import { messageIdOf } from './handlers/message-id.ts';
import { requestIdOf } from './handlers/request-id.ts';
import { errorMessage, failedResponse, TEXT } from './messages.ts';

/** Delivers messages of other nodes, each `bytes[start..end)` after both gRPC prefixes. */

/** Delivers a unicast or request to its target; false if the target has no stream on this node. */
export function deliverFromPeer(source: MessageSource, type: number, message: PeerMessage): boolean {
  const { registry } = source.context;
  const { bytes, nameStart, nameEnd } = message;
  const target = registry.find(bytes, nameStart, nameEnd);
  if (target?.stream == null) return false;
  deliverTo(target.stream, source, type, message);
  return true;
}

function deliverTo(target: ClientStream, source: MessageSource, type: number, message: PeerMessage): void {
  const { header, forwarded, tick } = source.context;
  tick.begin();
  header.type = type;
  forwarded.take(message.bytes, message.start, message.end, 2);
  deliver(source, target);
  forwarded.clear();
}

/** A message of another node: its body, and the text that addresses it, in one buffer. */
export interface PeerMessage {
  readonly bytes: Buffer;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly start: number;
  readonly end: number;
}

/** Delivers a response to its requester; counts a response without a pending request. */
export function deliverResponseFromPeer(source: MessageSource, message: PeerMessage): void {
  const { header, counters, pending, registry, operator } = source.context;
  const { bytes, nameStart, nameEnd } = message;
  const isOperator = operator?.hasId(bytes, nameStart, nameEnd) === true;
  const requester = isOperator ? operator : registry.find(bytes, nameStart, nameEnd);
  const stream = requester?.stream ?? null;
  if (requester === null || stream === null || !scan(source.context, message)) {
    counters.dropped.targetNotFound++;
    return;
  }
  const requestId = requestIdOf(source, bytes);
  const responderId = bytes.toString('utf8', header.senderStart, header.senderEnd);
  if (requestId === null || !pending.answer(requester, responderId, requestId.text)) {
    counters.dropped.lateResponse++;
    return;
  }
  deliverTo(stream, source, TypeCode.response, message);
}

/** Delivers a multicast to the members of `group`, or a broadcast (null) to all clients. */
export function deliverToAllFromPeer(source: MessageSource, group: string | null, message: PeerMessage): void {
  const { registry, header, forwarded, tick } = source.context;
  const receivers = group === null ? registry.attached : registry.groups.get(group);
  if (receivers === undefined) return;
  tick.begin();
  header.type = group === null ? TypeCode.broadcast : TypeCode.multicast;
  forwarded.take(message.bytes, message.start, message.end, 2);
  deliverToAll(source, null, receivers);
  forwarded.clear();
}

/** A unicast or request that was not delivered; the data for the error to its sender. */
export interface UndeliveredMessage {
  readonly senderId: string;
  readonly targetId: string;
  /** Null for a unicast. */
  readonly requestId: string | null;
  readonly requestIdItem: Buffer | null;
  readonly messageIdItem: Buffer | null;
}

/** Describes a message that cannot be delivered; null when it cannot be read. */
export function describeUndelivered(source: MessageSource, message: PeerMessage): UndeliveredMessage | null {
  const { header } = source.context;
  const { bytes, nameStart, nameEnd } = message;
  if (!scan(source.context, message) || header.senderStart < 0) return null;
  const requestId = header.type === TypeCode.request ? requestIdOf(source, bytes) : null;
  return {
    senderId: bytes.toString('utf8', header.senderStart, header.senderEnd),
    targetId: bytes.toString('utf8', nameStart, nameEnd),
    requestId: requestId?.text ?? null,
    requestIdItem: requestId?.item ?? null,
    messageIdItem: messageIdOf(header, bytes),
  };
}

/** Sends the sender of a message that another node did not deliver the error of a local refusal, and counts it. */
export function answerUndelivered(
  context: RouterContext,
  message: UndeliveredMessage,
  reason: 'targetNotFound' | 'peerUnavailable',
): void {
  const { registry, pending, clock, counters, operator } = context;
  const { senderId, targetId, requestId, requestIdItem, messageIdItem } = message;
  const sender = operator?.id === senderId ? operator : registry.clients.get(senderId);
  const text = TEXT.notFound(targetId);
  if (requestId === null || requestIdItem === null) {
    counters.dropped[reason]++;
    sender?.stream?.send(errorMessage(senderId, 'not-found', text, messageIdItem, clock.now()));
  } else if (sender !== undefined && pending.answer(sender, targetId, requestId)) {
    counters.dropped[reason]++;
    sender.stream?.send(failedResponse(senderId, requestIdItem, 'not-found', text, clock.now()));
  }
}

function scan({ header }: RouterContext, { bytes, start, end }: PeerMessage): boolean {
  header.expectedSender = header.expectedTarget = null;
  return header.scan(bytes, start, end) === ScanResult.ok;
}
