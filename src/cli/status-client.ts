import { request } from 'node:http';
import type { RouterStatus } from '../telemetry/index.ts';

/** How long a router may take to answer on its control socket. */
const RESPONSE_TIMEOUT_MS = 3000;

/** What the router on this control socket says of itself, or null when none answers. */
export async function fetchStatus(socketPath: string, limitMs = RESPONSE_TIMEOUT_MS): Promise<RouterStatus | null> {
  try {
    return JSON.parse(await get(socketPath, '/api/status', limitMs)) as RouterStatus;
  } catch {
    return null; // no socket, nobody behind it, frozen, or not a router: all mean that it does not answer
  }
}

function get(socketPath: string, path: string, limitMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, agent: false, timeout: limitMs }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${path} answers ${response.statusCode}`));
      });
      response.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error('does not answer')));
    call.on('error', reject).end();
  });
}
