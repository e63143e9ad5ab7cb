import type { Server } from 'node:net';
import type { TickQueue } from '../tick-queue.ts';

type OnConnection = (error: number, client: unknown) => void;

/**
 * Spreads the work for accepted connections over event-loop ticks. Node accepts all pending connections in one tick and has
 * no option to limit that. Without this internal nothing changes: a burst of connections then takes one long tick.
 * `onAccepted` is called at once for each connection.
 */
export function throttleAccepts(server: Server, queue: TickQueue, onAccepted: () => void): void {
  const { _handle: handle } = server as unknown as { _handle?: { onconnection?: OnConnection } };
  const accept = handle?.onconnection;
  if (handle === undefined || typeof accept !== 'function') return;
  handle.onconnection = (error, client) => {
    if (client !== undefined) onAccepted();
    queue.run(() => accept.call(handle, error, client));
  };
}
