import { isLoopback, type RouterConfig, serviceLinkWarning } from '../config/index.ts';
import { openFilesNeeded, workerCount } from '../host/index.ts';
import type { Text } from '../text/index.ts';

/** A worker without clients uses half of it. */
const MIN_WORKER_BYTES = 128 * 1024 * 1024;

/** Resident memory at which one of `workers` processes is replaced; with a small `maxMemory` they may use more than that in all. */
export function workerMemoryLimit({ maxMemory }: Pick<RouterConfig, 'maxMemory'>, workers: number): number {
  return Math.max(maxMemory / workers, MIN_WORKER_BYTES);
}

/** Warnings about a valid configuration. */
export function startWarnings(
  config: RouterConfig,
  openFilesLimit: number | null,
  env: Readonly<Record<string, string | undefined>>,
): Text[] {
  const links = serviceLinkWarning(env);
  const warnings = [...exposureWarnings(config), ...resourceWarnings(config, openFilesLimit)];
  return links === null ? warnings : [links, ...warnings];
}

function exposureWarnings(config: RouterConfig): Text[] {
  const { host, metrics, metricsHost } = config;
  const warnings: Text[] = [];
  if (!isLoopback(host) && config.tlsCert === null) {
    warnings.push({
      en: `Listening on ${host} without TLS: messages can be read on the way`,
      ru: `Адрес ${host} открыт без TLS: сообщения можно прочитать по пути`,
    });
  }
  if (
    !isLoopback(host) &&
    config.authTokensFile === null &&
    config.accessFile === null &&
    config.tlsClientCa === null
  ) {
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
  return warnings;
}

function resourceWarnings(config: RouterConfig, openFilesLimit: number | null): Text[] {
  const { maxConnections } = config;
  const warnings: Text[] = [];
  if (openFilesLimit !== null && openFilesNeeded(maxConnections) > openFilesLimit) {
    warnings.push({
      en: `max-connections ${maxConnections} does not fit the limit of ${openFilesLimit} open files; raise it with ulimit -n or LimitNOFILE=`,
      ru: `max-connections ${maxConnections} не умещается в лимит открытых файлов ${openFilesLimit}; увеличьте его: ulimit -n или LimitNOFILE=`,
    });
  }
  const workers = workerCount(config.workers);
  if (config.supervised && workers > 1 && config.maxMemory / workers < MIN_WORKER_BYTES) {
    const [share, needed] = [MIN_WORKER_BYTES, workers * MIN_WORKER_BYTES].map((bytes) => `${bytes / 1024 ** 2}MiB`);
    warnings.push({
      en: `max-memory is less than ${share} for each of ${workers} workers, which is applied instead; set it to ${needed} or more`,
      ru: `max-memory меньше ${share} на каждый из ${workers} процессов, действует эта величина; задайте ${needed} или больше`,
    });
  }
  return warnings;
}
