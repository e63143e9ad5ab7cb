import type { GrpcServer } from '../grpc/index.ts';
import type { RouterCore } from '../router/index.ts';

const POLL_MS = 20;
/** Time for clients to close their idle connections before they are closed by force. */
const LINGER_MS = 1000;

/**
 * Graceful shutdown: warns the clients, ends their streams with UNAVAILABLE after the queued messages, then closes the
 * connections, by force after `timeoutMs` or as soon as `isForced` returns true. Immediate without connections.
 */
export async function drain(
  server: GrpcServer,
  core: RouterCore,
  timeoutMs: number,
  isForced: () => boolean,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const waitUntil = async (done: () => boolean, limit: number): Promise<void> => {
    while (!done() && !isForced() && performance.now() < Math.min(limit, deadline)) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  core.draining = true;
  server.startDraining();
  core.publishHealthWarning('Router is shutting down', 'critical');
  for (const stream of [...core.streams]) stream.transport.end('UNAVAILABLE', 'Router is shutting down');
  await waitUntil(() => core.streams.size === 0, deadline);
  server.gracefulShutdown();
  await waitUntil(() => server.connectionCount === 0, performance.now() + LINGER_MS);
  server.destroy('shutdown');
}
