import { request } from 'node:http';
import type { RouterStatus } from '../telemetry/index.ts';

/** Response timeout of the control socket. */
const RESPONSE_TIMEOUT_MS = 3000;

/** Fetches the status document from a control socket; null if no router responds. */
export async function fetchStatus(socketPath: string, limitMs = RESPONSE_TIMEOUT_MS): Promise<RouterStatus | null> {
  try {
    return JSON.parse(await get(socketPath, '/api/status', limitMs)) as RouterStatus;
  } catch {
    return null; // no socket, connection refused, timeout, or not a router: no response in any case
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
        else reject(new Error(`${path}: status ${response.statusCode}`));
      });
      response.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error('timeout')));
    call.on('error', reject).end();
  });
}
