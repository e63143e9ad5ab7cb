import { readFileSync } from 'node:fs';
import type { RouterConfig } from '../config/index.ts';

/** Descriptors that the process needs besides its connections. */
const OTHER_DESCRIPTORS = 64;

/** What an operator should know about a configuration that works. */
export function startWarnings(config: RouterConfig, openFilesLimit: number | null): string[] {
  const warnings: string[] = [];
  if (!isLoopback(config.host)) {
    if (config.tlsCert === null)
      warnings.push(`Listening on ${config.host} without TLS: messages can be read on the way`);
    if (config.authTokensFile === null && config.tlsClientCa === null) {
      warnings.push(`Listening on ${config.host} without tokens: anybody who reaches the port may come in`);
    }
  }
  if (config.metrics && !isLoopback(config.metricsHost)) {
    warnings.push(`Metrics are served on ${config.metricsHost} to anybody who reaches the port`);
  }
  if (openFilesLimit !== null && config.maxConnections + OTHER_DESCRIPTORS > openFilesLimit) {
    warnings.push(
      `max-connections ${config.maxConnections} does not fit the limit of ${openFilesLimit} open files; raise it with ulimit -n or LimitNOFILE=`,
    );
  }
  return warnings;
}

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

/** The soft limit on open files of this process, or null where it is unknown or unlimited. */
export function openFilesLimit(): number | null {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return match === null ? null : Number(match[1]);
  } catch {
    return null;
  }
}
