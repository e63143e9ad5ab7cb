import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { RouterStatus } from '../telemetry/index.ts';

/** Time limit for the response headers and for each pause within the body. */
const RESPONSE_TIMEOUT_MS = 3000;

/** A control socket, or the URL of the metrics endpoint. */
export type StatusEndpoint = { readonly socketPath: string } | { readonly url: URL };

/** Fetches the status document from a control socket; null if no router responds. */
export async function fetchStatus(socketPath: string, timeoutMs = RESPONSE_TIMEOUT_MS): Promise<RouterStatus | null> {
  const status = await fetchStatusFrom({ socketPath }, timeoutMs);
  return status === 'forbidden' ? null : status;
}

/** Fetches the status document; `forbidden` without permission for the socket, null if no router responds. */
export async function fetchStatusFrom(
  endpoint: StatusEndpoint,
  timeoutMs = RESPONSE_TIMEOUT_MS,
): Promise<RouterStatus | 'forbidden' | null> {
  try {
    const response = await openStatusPath(endpoint, 'api/status', timeoutMs);
    response.setTimeout(timeoutMs, () => response.destroy(new Error('timeout')));
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += chunk;
    const status = JSON.parse(body) as RouterStatus;
    return status.name === 'rpc-dart-router' ? status : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return 'forbidden';
    return null; // no socket, connection refused, timeout, or not a router: no response in any case
  }
}

/** Resolves with a 200 response whose body is not read yet; rejects for any other response. */
export function openStatusPath(
  endpoint: StatusEndpoint,
  path: string,
  timeoutMs = RESPONSE_TIMEOUT_MS,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = createRequest(endpoint, path);
    const timeout = setTimeout(() => request.destroy(new Error('timeout')), timeoutMs);
    request.on('error', (error) => {
      clearTimeout(timeout);
      reject(error);
    });
    request.on('response', (response) => {
      clearTimeout(timeout);
      if (response.statusCode === 200) return resolve(response);
      response.resume();
      reject(new Error(`status ${response.statusCode}`));
    });
    request.end();
  });
}

function createRequest(endpoint: StatusEndpoint, path: string): ClientRequest {
  const options: RequestOptions = { agent: false };
  if ('socketPath' in endpoint) return httpRequest({ ...options, socketPath: endpoint.socketPath, path: `/${path}` });
  const url = new URL(path, endpoint.url);
  return url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
}
