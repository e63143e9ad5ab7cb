import { deliverToAll } from './deliver.ts';
import type { MessageHandler } from './handler.ts';

export const broadcast: MessageHandler = (session, sender) => {
  const { registry, counters, peers } = session.context;
  const delivered = deliverToAll(session, sender, registry.attached);
  const elsewhere = peers === null ? 0 : peers.sendToAll(session);
  if (delivered + elsewhere === 0) counters.dropped.noMembers++;
};
