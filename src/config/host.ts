import { isIP, isIPv4, isIPv6 } from 'node:net';

const LABEL = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST_NAME = new RegExp(`^${LABEL}(\\.${LABEL})*\\.?$`, 'i');

/** IP address or host name for `listen`, with URL brackets around IPv6 removed; null if `text` is neither. */
export function parseHost(text: string): string | null {
  const inBrackets = /^\[(.*)\]$/.exec(text)?.[1];
  if (inBrackets !== undefined) return isIPv6(inBrackets) ? inBrackets : null;
  if (isIP(text) !== 0) return text;
  // 1.2.3 and 256.0.0.1 are mistyped addresses
  return HOST_NAME.test(text) && !/^[\d.]+$/.test(text) ? text : null;
}

/** True for addresses that only this host can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
