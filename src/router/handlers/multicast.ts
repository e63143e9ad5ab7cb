import { deliverToAll } from './deliver.ts';
import { type MessageHandler, refuseMissing } from './handler.ts';

export const multicast: MessageHandler = (session, sender, bytes) => {
  const { header, registry, counters } = session.context;
  if (header.groupStart < 0) {
    refuseMissing(session, 'multicast', 'groupName', bytes);
    return;
  }
  const members = registry.groups.get(bytes.toString('utf8', header.groupStart, header.groupEnd));
  if (members === undefined || deliverToAll(session, sender, members) === 0) counters.dropped.noMembers++;
};
