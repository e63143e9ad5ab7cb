import { deliverToAll } from './deliver.ts';
import type { MessageHandler } from './handler.ts';

export const broadcast: MessageHandler = (session, sender) => {
  const { registry, counters } = session.context;
  if (deliverToAll(session, sender, registry.attached) === 0) counters.dropped.noMembers++;
};
