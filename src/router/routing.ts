import { decodeValue, findValue, mapEntries, TypeCode } from '../wire/index.ts';
import type { Client } from './client.ts';
import { MESSAGE_TYPES } from './counters.ts';
import type { FlushQueue } from './delivery/flush-queue.ts';
import { MAX_METADATA_BYTES, MAX_NAME_BYTES } from './interfaces.ts';
import { failedResponse, TEXT } from './messages.ts';
import { isId, type Session } from './session.ts';

const REQUEST_ID = Buffer.from('requestId');
const TIMEOUT_MS = Buffer.from('timeoutMs');

/** A message that has been scanned: `core.scanner` holds its fields. */
interface Incoming {
  readonly stream: Session;
  readonly sender: Client;
  readonly bytes: Buffer;
}

/**
 * Routes the scanned message `bytes[start..end)` of a bound client. `whole` says that both prefixes stand before it.
 * Decides by the fields in `core.scanner`; the payload is never decoded.
 */
export function routeMessage(
  stream: Session,
  sender: Client,
  bytes: Buffer,
  start: number,
  end: number,
  whole: boolean,
): void {
  const { core } = stream;
  const { scanner, counters, forwarded } = core;
  sender.recordActivity(stream.now, stream.lastReceivedMs);
  const type = scanner.type;
  counters.countIn(type, end - start);
  if (core.log.isDebug === true) {
    core.log.debug('Message', { type: MESSAGE_TYPES[type] ?? null, from: sender.id, bytes: end - start });
  }
  if (type > TypeCode.response) {
    handleOwn(stream, sender, bytes, type);
    return;
  }
  if (isOwnId(stream, bytes, sender)) {
    forwarded.take(bytes, start, end, whole);
  } else {
    forwarded.takeWithSender(bytes, start, end, scanner, sender.idItem);
  }
  if (type === TypeCode.unicast) unicast(stream, bytes);
  else if (type === TypeCode.broadcast) broadcast(stream, sender);
  else if (type === TypeCode.multicast) multicast(stream, sender, bytes);
  else if (type === TypeCode.request) request({ stream, sender, bytes });
  else response({ stream, sender, bytes });
  forwarded.clear();
}

/** True when the message says that it is from `sender`, and need not be told. */
function isOwnId(stream: Session, bytes: Buffer, sender: Client): boolean {
  const { scanner } = stream.core;
  if (scanner.isExpectedSender) return true;
  return scanner.senderStart >= 0 && isId(bytes, scanner.senderStart, scanner.senderEnd, sender);
}

/** Types that go to nobody. */
function handleOwn(stream: Session, sender: Client, bytes: Buffer, type: number): void {
  if (type === TypeCode.heartbeat) return;
  if (type === TypeCode.updateMetadata) updateMetadata(stream, sender, bytes);
  else if (type === TypeCode.error) {
    stream.core.log.warnOnce('client-error', 'A client reported an error', { client: sender.id });
  } else if (stream.core.scanner.hasType) {
    stream.core.counters.dropped.unknownType++;
    stream.answerError(TEXT.unknownType);
  } else missing(stream, 'unknown', 'type');
}

function missing(stream: Session, type: string, field: string): void {
  stream.core.counters.dropped.missingField++;
  stream.answerError(TEXT.fieldMissing(type, field));
}

function deliver(stream: Session, target: Session): void {
  const { forwarded, counters, flusher } = stream.core;
  target.queue.push(forwarded.framed(target.framing));
  counters.countOut(stream.core.scanner.type, 1, forwarded.bodyBytes);
  applyBackpressure(stream, flusher.direct);
}

/** Nobody is read faster than what they send can be written. */
function applyBackpressure(stream: Session, flushQueue: FlushQueue): void {
  if (stream.core.flusher.overHighWatermark(flushQueue)) stream.pause(flushQueue);
}

/** Delivers to all of `receivers` but the sender; returns to how many. */
function deliverToAll(stream: Session, sender: Client, receivers: ReadonlySet<Client>): number {
  const { forwarded, counters, flusher } = stream.core;
  const isFanOut = flusher.isFanOut(receivers.size);
  let delivered = 0;
  for (const client of receivers) {
    const target = client.stream;
    if (client === sender || target === null) continue;
    const framed = forwarded.framed(target.framing);
    if (isFanOut) target.queue.pushFanOut(framed);
    else target.queue.push(framed);
    delivered++;
  }
  counters.countOut(stream.core.scanner.type, delivered, forwarded.bodyBytes);
  applyBackpressure(stream, isFanOut ? flusher.fanOut : flusher.direct);
  return delivered;
}

function findTarget(stream: Session, bytes: Buffer): Client | null {
  const { scanner, registry } = stream.core;
  const last = stream.lastTarget;
  if (scanner.isExpectedTarget && last !== null && last.stream !== null) return last;
  const target = registry.find(bytes, scanner.targetStart, scanner.targetEnd);
  stream.lastTarget = target;
  return target;
}

function unicast(stream: Session, bytes: Buffer): void {
  const { scanner, counters } = stream.core;
  if (scanner.targetStart < 0) {
    missing(stream, 'unicast', 'targetId');
    return;
  }
  const target = findTarget(stream, bytes);
  if (target?.stream) deliver(stream, target.stream);
  else {
    counters.dropped.targetNotFound++;
    stream.answerError(TEXT.notFound(bytes.toString('utf8', scanner.targetStart, scanner.targetEnd)));
  }
}

function broadcast(stream: Session, sender: Client): void {
  const { registry, counters } = stream.core;
  if (deliverToAll(stream, sender, registry.attached) === 0) counters.dropped.noMembers++;
}

function multicast(stream: Session, sender: Client, bytes: Buffer): void {
  const { scanner, registry, counters } = stream.core;
  if (scanner.groupStart < 0) {
    missing(stream, 'multicast', 'groupName');
    return;
  }
  const members = registry.groups.get(bytes.toString('utf8', scanner.groupStart, scanner.groupEnd));
  if (members === undefined || deliverToAll(stream, sender, members) === 0) counters.dropped.noMembers++;
}

/** The payload's requestId, as text and as the item it was encoded as; null when it has none. */
function requestIdOf(stream: Session, bytes: Buffer): { text: string; item: Buffer } | null {
  const { payloadStart, payloadEnd } = stream.core.scanner;
  if (payloadStart < 0) return null;
  const item = findValue(bytes, payloadStart, payloadEnd, REQUEST_ID);
  // it is kept for as long as the request waits, so it may not be of any length
  const text = item === null || item.length > MAX_NAME_BYTES ? undefined : decodeValue(item);
  return item !== null && typeof text === 'string' ? { text, item: Buffer.from(item) } : null;
}

function timeoutOf(stream: Session, bytes: Buffer): number {
  const { payloadStart, payloadEnd } = stream.core.scanner;
  const item = findValue(bytes, payloadStart, payloadEnd, TIMEOUT_MS);
  const value = item === null ? 0 : decodeValue(item);
  return typeof value === 'number' && value > 0 ? value : 0;
}

function request(incoming: Incoming): void {
  const { stream, sender, bytes } = incoming;
  const { scanner, counters, pending, limits } = stream.core;
  const requestId = requestIdOf(stream, bytes);
  if (requestId === null || scanner.targetStart < 0) {
    missing(stream, 'request', requestId === null ? 'payload.requestId' : 'targetId');
    return;
  }
  const fail = (text: string): void => stream.send(failedResponse(sender.id, requestId.item, text, stream.now));
  const target = findTarget(stream, bytes);
  if (target?.stream == null) {
    counters.dropped.targetNotFound++;
    fail(TEXT.notFound(bytes.toString('utf8', scanner.targetStart, scanner.targetEnd)));
  } else if ((sender.outgoingRequests?.size ?? 0) >= limits.maxPendingRequests) {
    counters.dropped.tooManyPending++;
    stream.core.log.warnOnce('pending-requests', 'Request refused: too many pending', { client: sender.id });
    fail(TEXT.tooManyPending(limits.maxPendingRequests));
  } else {
    pending.add(sender, target, requestId.text, requestId.item, timeoutOf(stream, bytes));
    deliver(stream, target.stream);
  }
}

function response(incoming: Incoming): void {
  const { stream, sender, bytes } = incoming;
  const { scanner, counters, pending } = stream.core;
  const requestId = requestIdOf(stream, bytes);
  if (requestId === null || scanner.targetStart < 0) {
    missing(stream, 'response', requestId === null ? 'payload.requestId' : 'targetId');
    return;
  }
  const target = findTarget(stream, bytes);
  if (target?.stream == null) counters.dropped.targetNotFound++;
  else if (pending.answer(target, sender, requestId.text)) deliver(stream, target.stream);
  else counters.dropped.lateResponse++;
}

const METADATA = Buffer.from('metadata');

function updateMetadata(stream: Session, sender: Client, bytes: Buffer): void {
  const { payloadStart, payloadEnd } = stream.core.scanner;
  const item = payloadStart < 0 ? null : findValue(bytes, payloadStart, payloadEnd, METADATA);
  if (item === null || (item[0] as number) >> 5 !== 5) {
    stream.core.counters.dropped.invalidMetadata++;
  } else if (item.length > MAX_METADATA_BYTES) {
    stream.core.counters.dropped.invalidMetadata++;
    stream.answerError(TEXT.metadataTooLarge(MAX_METADATA_BYTES));
  } else if (mapEntries(item, 0, item.length) === null) {
    // as at register: keys that are no texts would make every list unreadable, and twice the same key could hide a token
    stream.core.counters.dropped.invalidMetadata++;
  } else {
    stream.core.updateMetadata(sender, Buffer.from(item));
  }
}
