import type { RouterClient } from './client.ts';
import { makeConnect } from './connect.ts';
import type { TransportFactory } from './transport.ts';
import { openWebSocket, type WebSocketLike } from './websocket-transport.ts';

export * from './exports.ts';

const webSocket: TransportFactory = (url, options) =>
  openWebSocket(new WebSocket(url) as unknown as WebSocketLike, options);

/**
 * Connects to a router at `ws://` or `wss://`, registers, and resolves with the client. Rejects with a RouterError:
 * `unreachable`, `unauthenticated`, `refused`, `invalid-value`, `aborted`.
 */
export const connect = makeConnect({ 'ws:': webSocket, 'wss:': webSocket }, watchBrowser);

/** A network that came back, or a tab that is looked at again, is a reason to check the connection at once. */
function watchBrowser(client: RouterClient): void {
  if (typeof window === 'undefined') return;
  const check = (): void => client.networkChanged();
  const checkIfVisible = (): void => {
    if (document.visibilityState === 'visible') check();
  };
  window.addEventListener('online', check);
  window.addEventListener('pageshow', check);
  document.addEventListener('visibilitychange', checkIfVisible);
  client.on('state', ({ state }) => {
    if (state !== 'closed') return;
    window.removeEventListener('online', check);
    window.removeEventListener('pageshow', check);
    document.removeEventListener('visibilitychange', checkIfVisible);
  });
}
