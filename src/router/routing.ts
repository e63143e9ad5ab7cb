import { IS_FORWARDED, MESSAGE_TYPES } from '../wire/index.ts';
import type { Client } from './client.ts';
import type { MessageHandler, SenderSession } from './handlers/handler.ts';
import { HANDLER_BY_CODE } from './handlers/index.ts';
import { missingFor, refuseMessage } from './permissions.ts';

/**
 * Routes the scanned message `bytes[start..end)` of an attached client, by the fields in `context.header`. For `prefixes`
 * see Framing.
 */
export function routeMessage(
  session: SenderSession,
  sender: Client,
  bytes: Buffer,
  start: number,
  end: number,
  prefixes: number,
): void {
  const { header, counters, forwarded, log, tick } = session.context;
  const { type } = header;
  sender.recordActivity(tick.nowMs, tick.startedMs);
  counters.countIn(type, end - start);
  if (log.isDebug === true) {
    log.debug('Message', { type: MESSAGE_TYPES[type] ?? null, from: sender.id, bytes: end - start });
  }
  const { rights } = sender.identity;
  if (rights !== null && (rights.typeMask & (1 << type)) === 0) {
    const missing = missingFor(rights, header, bytes);
    if (missing !== null) {
      refuseMessage(session, sender, missing, bytes);
      return;
    }
  }
  const handle = HANDLER_BY_CODE[type] as MessageHandler;
  if (IS_FORWARDED[type] !== true) {
    handle(session, sender, bytes);
    return;
  }
  // prevents impersonation: a wrong or missing senderId is replaced
  if (hasSenderId(session, sender, bytes)) forwarded.take(bytes, start, end, prefixes);
  else forwarded.takeWithSender(bytes, start, end, header, sender.idItem);
  handle(session, sender, bytes);
  forwarded.clear();
}

/** True when the senderId of the message is the id of `sender`. */
function hasSenderId(session: SenderSession, sender: Client, bytes: Buffer): boolean {
  const { header } = session.context;
  if (header.isExpectedSender) return true;
  return header.senderStart >= 0 && sender.hasId(bytes, header.senderStart, header.senderEnd);
}
