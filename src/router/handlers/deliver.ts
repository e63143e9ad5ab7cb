import type { Client, ClientStream } from '../client.ts';
import type { FlushQueue } from '../delivery/flush-queue.ts';
import type { Handover } from '../peers.ts';
import type { MessageSource, SenderSession } from './handler.ts';

/** The attached client that the message is addressed to, or null. `context.header` must have a targetId. */
export function findTarget(session: SenderSession, bytes: Buffer): Client | null {
  const { header, registry, peers } = session.context;
  const last = session.lastTarget;
  if (header.isExpectedTarget && last !== null && last.stream !== null) return last;
  if (peers?.isRemote(bytes, header.targetStart, header.targetEnd)) return null;
  const target = registry.find(bytes, header.targetStart, header.targetEnd);
  session.lastTarget = target;
  return target;
}

/** The targetId of the message, as text. */
export function targetIdOf(session: SenderSession, bytes: Buffer): string {
  const { header } = session.context;
  return bytes.toString('utf8', header.targetStart, header.targetEnd);
}

/** Queues the message to one receiver. `context.header` must have its type. */
export function deliver(session: MessageSource, target: ClientStream): void {
  const { forwarded, counters, flusher, header } = session.context;
  target.inbox.push(forwarded.framed(target.framing));
  counters.countOut(header.type, 1, forwarded.bodyBytes);
  applyBackpressure(session, flusher.direct);
}

/** Sends the message to the node of its target, which has no stream on this node. Counts a message that cannot be sent. */
export function deliverElsewhere(session: SenderSession, bytes: Buffer): Handover {
  const { peers, counters } = session.context;
  const handover = peers === null ? 'unknown' : peers.send(session, bytes);
  if (handover === 'unknown') counters.dropped.targetNotFound++;
  else if (handover === 'unavailable') counters.dropped.peerUnavailable++;
  return handover;
}

/** Queues the message to all of `receivers` except the sender, which is null for one of another node; returns their number. */
export function deliverToAll(session: MessageSource, sender: Client | null, receivers: ReadonlySet<Client>): number {
  const { forwarded, counters, flusher, header } = session.context;
  const isFanOut = flusher.isFanOut(receivers.size);
  let delivered = 0;
  for (const client of receivers) {
    const target = client.stream;
    if (client === sender || target === null) continue;
    const framed = forwarded.framed(target.framing);
    if (isFanOut) target.inbox.pushFanOut(framed);
    else target.inbox.push(framed);
    delivered++;
  }
  counters.countOut(header.type, delivered, forwarded.bodyBytes);
  applyBackpressure(session, isFanOut ? flusher.fanOut : flusher.direct);
  return delivered;
}

/** Pauses the sender when the flush queue exceeds its high watermark. */
function applyBackpressure(session: MessageSource, flushQueue: FlushQueue): void {
  if (session.context.flusher.overHighWatermark(flushQueue)) session.pause(flushQueue);
}
