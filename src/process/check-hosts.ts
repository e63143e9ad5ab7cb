import { createServer } from 'node:net';
import type { RouterConfig } from '../config/index.ts';
import type { Text } from '../text/index.ts';
import { describeStartError } from './describe-start-error.ts';

/**
 * Problems with the addresses to listen on. Binds each of them briefly, on any free port: the configured port may be in use by
 * the router that this configuration is for.
 */
export async function checkHosts(config: RouterConfig): Promise<Text[]> {
  const { host, port, metrics, metricsHost, metricsPort, api, apiHost, apiPort } = config;
  const addresses = [{ host, port }];
  if (metrics && metricsHost !== host) addresses.push({ host: metricsHost, port: metricsPort });
  if (api && apiHost !== host) addresses.push({ host: apiHost, port: apiPort });
  const errors = await Promise.all(addresses.map((address) => bindError(address.host)));
  return addresses.flatMap((address, i) =>
    errors[i] ? [describeStartError(Object.assign(errors[i], address), address)] : [],
  );
}

function bindError(host: string): Promise<Error | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port: 0 }, () => server.close(() => resolve(null)));
  });
}
