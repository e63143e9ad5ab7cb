import type { Client } from '../client.ts';
import type { RouterContext } from '../context.ts';
import { closeReasonText, errorMessage } from '../messages.ts';

/** Disconnects a client of this node on behalf of the operator; the client gets the reason. */
export function disconnectClient(context: RouterContext, client: Client, reason: string | null): void {
  const text = reason === null ? closeReasonText('operator') : `${closeReasonText('operator')}: ${reason}`;
  const { stream } = client;
  // Dart clients ignore trailers
  stream?.send(errorMessage(client.id, 'disconnected', text, null, context.clock.now()));
  context.remove(client, 'operator', text);
  stream?.end('ABORTED', text);
}
