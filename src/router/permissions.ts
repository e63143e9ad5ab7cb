import { type MessageScanner, TypeCode } from '../wire/index.ts';
import type { Client } from './client.ts';
import type { Counters } from './counters.ts';
import type { SenderSession } from './handlers/handler.ts';
import { requestIdOf } from './handlers/request-id.ts';
import type { Identity, Permission, Rights } from './identity.ts';
import type { RouterLog } from './interfaces.ts';
import { failedResponse, TEXT } from './messages.ts';

const PERMISSION_BY_CODE: ReadonlyMap<number, Permission> = new Map([
  [TypeCode.unicast, 'send'],
  [TypeCode.request, 'request'],
  [TypeCode.response, 'respond'],
  [TypeCode.multicast, 'multicast'],
  [TypeCode.broadcast, 'broadcast'],
  [TypeCode.updateMetadata, 'metadata'],
]);

/** A permission that an operation needs: `group` for those that are given per group. */
export interface NeededPermission {
  readonly permission: Permission;
  readonly group: string | null;
}

/** The parts of the router that record a refused operation. */
interface RefusalContext {
  readonly counters: Counters;
  readonly log: RouterLog;
}

/** `send`, `multicast:room.7`. */
export function permissionText({ permission, group }: NeededPermission): string {
  return group === null ? permission : `${permission}:${group}`;
}

/** What is missing for the scanned message of a type that is not in `rights.typeMask`; null when it may be sent. */
export function missingFor(rights: Rights, header: MessageScanner, bytes: Buffer): NeededPermission | null {
  const permission = PERMISSION_BY_CODE.get(header.type);
  if (permission === undefined) return null;
  if (permission !== 'multicast') return { permission, group: null };
  // the handler refuses a multicast without a group
  if (header.groupStart < 0) return null;
  const group = bytes.toString('utf8', header.groupStart, header.groupEnd);
  return rights.allowsGroup('multicast', group) ? null : { permission, group };
}

/** The first of `groups` that may not be joined; null when all may. */
export function missingForGroups(rights: Rights | null, groups: readonly string[]): NeededPermission | null {
  const group = rights === null ? undefined : groups.find((name) => !rights.allowsGroup('join', name));
  return group === undefined ? null : { permission: 'join', group };
}

/** Answers the sender of a message that its role does not allow: a request by a failed response, others by an `error`. */
export function refuseMessage(session: SenderSession, sender: Client, needed: NeededPermission, bytes: Buffer): void {
  const { context } = session;
  context.counters.dropped.forbidden++;
  recordForbidden(context, needed, sender.identity, { client: sender.id, remote: sender.connection.remote });
  const missing = permissionText(needed);
  const text = TEXT.forbidden(missing);
  const requestId = needed.permission === 'request' ? requestIdOf(session, bytes) : null;
  if (requestId === null) session.answerError('forbidden', text, bytes, missing);
  else {
    session.send(failedResponse(sender.id, requestId.item, 'forbidden', text, context.tick.nowMs, missing));
  }
}

/** Counts a refused operation, and logs the first one of each client. */
export function recordForbidden(
  { counters, log }: RefusalContext,
  needed: NeededPermission,
  { name, rights }: Identity,
  { client, remote }: { readonly client: string | null; readonly remote: string },
): void {
  counters.forbidden[needed.permission]++;
  log.warnOnce(`forbidden-${client ?? remote}`, 'Operation refused', {
    permission: permissionText(needed),
    name,
    role: rights?.role ?? null,
    client,
    remote,
  });
}
