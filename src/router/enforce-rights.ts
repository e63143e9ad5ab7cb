import type { RouterContext } from './context.ts';
import { TEXT } from './messages.ts';
import { missingForGroups } from './permissions.ts';
import { Subscription } from './subscription.ts';

/** Applies changed roles to the clients and streams that exist: groups and events that are no longer allowed. */
export function enforceRights(context: RouterContext): void {
  removeForbiddenGroups(context);
  endForbiddenSubscriptions(context);
}

function removeForbiddenGroups(context: RouterContext): void {
  for (const client of context.registry.clients.values()) {
    const { rights } = client.identity;
    if (missingForGroups(rights, client.groups) === null) continue;
    const allowed = client.groups.filter((group) => missingForGroups(rights, [group]) === null);
    context.updateGroups(client, allowed);
  }
}

function endForbiddenSubscriptions({ streams }: RouterContext): void {
  for (const stream of streams) {
    const { rights } = stream.identity;
    if (!(stream instanceof Subscription) || rights === null || rights.allows('events')) continue;
    stream.end('PERMISSION_DENIED', TEXT.forbidden('events'));
  }
}
