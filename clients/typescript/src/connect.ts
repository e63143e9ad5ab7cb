import { RouterClient } from './client.ts';
import { RouterError } from './errors.ts';
import { type ConnectOptions, resolveOptions } from './options.ts';
import type { TransportFactory } from './transport.ts';

/** Transports by the protocol of the URL. */
export type Transports = Readonly<Record<string, TransportFactory>>;

/** The `connect` function of one platform. */
export function makeConnect(
  transports: Transports,
  watchNetwork: (client: RouterClient) => void,
): (url: string | URL, options?: ConnectOptions) => Promise<RouterClient> {
  return async (url, options = {}) => {
    const target = parseUrl(url, transports);
    const client = new RouterClient(target.url, target.factory, resolveOptions(options));
    watchNetwork(client);
    await client.start();
    return client;
  };
}

function parseUrl(given: string | URL, transports: Transports): { url: URL; factory: TransportFactory } {
  const schemes = Object.keys(transports).map((protocol) => `${protocol}//`);
  let url: URL;
  try {
    url = new URL(given);
  } catch (error) {
    throw new RouterError('invalid-value', `${given} is not a URL; it must begin with ${schemes.join(', ')}`, {
      cause: error,
    });
  }
  const factory = transports[url.protocol];
  if (factory !== undefined) return { url, factory };
  throw new RouterError('invalid-value', `${url.protocol}// is not supported here; use ${schemes.join(', ')}`);
}
