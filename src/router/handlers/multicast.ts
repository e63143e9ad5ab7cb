import { deliverToAll } from './deliver.ts';
import { type MessageHandler, refuseMissing } from './handler.ts';

export const multicast: MessageHandler = (session, sender, bytes) => {
  const { header, registry, counters, peers } = session.context;
  if (header.groupStart < 0) {
    refuseMissing(session, 'multicast', 'groupName', bytes);
    return;
  }
  const group = bytes.toString('utf8', header.groupStart, header.groupEnd);
  const members = registry.groups.get(group);
  const delivered = members === undefined ? 0 : deliverToAll(session, sender, members);
  const elsewhere = peers === null ? 0 : peers.sendToGroup(session, group);
  if (delivered + elsewhere === 0) counters.dropped.noMembers++;
};
