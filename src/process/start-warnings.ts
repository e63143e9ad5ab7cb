import { isIPv4 } from 'node:net';
import { type RouterConfig, serviceLinkWarning } from '../config/index.ts';
import { openFilesNeeded } from '../host/index.ts';
import type { Text } from '../text/index.ts';

/** Warnings about a valid configuration. */
export function startWarnings(
  config: RouterConfig,
  openFilesLimit: number | null,
  env: Readonly<Record<string, string | undefined>>,
): Text[] {
  const { host, metrics, metricsHost, maxConnections } = config;
  const links = serviceLinkWarning(env);
  const warnings: Text[] = links === null ? [] : [links];
  if (!isLoopback(host) && config.tlsCert === null) {
    warnings.push({
      en: `Listening on ${host} without TLS: messages can be read on the way`,
      ru: `Адрес ${host} открыт без TLS: сообщения можно прочитать по пути`,
    });
  }
  if (!isLoopback(host) && config.authTokensFile === null && config.tlsClientCa === null) {
    warnings.push({
      en: `Listening on ${host} without tokens: anybody who reaches the port may come in`,
      ru: `Адрес ${host} открыт без токенов: войти может любой, кому доступен порт`,
    });
  }
  if (metrics && !isLoopback(metricsHost)) {
    warnings.push({
      en: `Metrics are served on ${metricsHost} to anybody who reaches the port`,
      ru: `Метрики на ${metricsHost} доступны любому, кому доступен порт`,
    });
  }
  if (openFilesLimit !== null && openFilesNeeded(maxConnections) > openFilesLimit) {
    warnings.push({
      en: `max-connections ${maxConnections} does not fit the limit of ${openFilesLimit} open files; raise it with ulimit -n or LimitNOFILE=`,
      ru: `max-connections ${maxConnections} не умещается в лимит открытых файлов ${openFilesLimit}; увеличьте его: ulimit -n или LimitNOFILE=`,
    });
  }
  return warnings;
}

/** True for addresses that only this host can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
