import type { Text } from '../text/index.ts';
import { isLoopback } from './host.ts';
import type { RouterConfig } from './options.ts';

type ApiKey = 'api-host' | 'api-port' | 'api-origins' | 'api';

/** Origins of web pages that may call the HTTP API. */
export function apiOrigins(text: string | null): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '');
}

/** The problems of the options of the HTTP API; `where` names the source of one. */
export function checkApi(config: RouterConfig, where: (key: ApiKey) => string): Text[] {
  if (!config.api) return [];
  const problems: Text[] = [];
  const add = (key: ApiKey, en: string, ru: string): void => {
    problems.push({ en: `${where(key)} ${en}`, ru: `${where(key)} ${ru}` });
  };
  const { apiHost: host, apiPort: port } = config;
  if (!isLoopback(host) && config.apiTokensFile === null) {
    add('api-host', `${host} requires --api-tokens-file`, `${host} требует --api-tokens-file`);
  }
  if (!isLoopback(host) && config.tlsCert === null && !config.apiInsecure) {
    const tls = '--tls-cert, --tls-key';
    add('api-host', `${host} requires ${tls}, or --api-insecure`, `${host} требует ${tls} или --api-insecure`);
  }
  if (config.workers !== 1) {
    add('api', 'requires --workers 1', 'требует --workers 1');
  }
  const taken = [config.port, ...(config.metrics ? [config.metricsPort] : [])];
  if (port !== 0 && taken.includes(port)) {
    add(
      'api-port',
      `${port} is in use by the router itself; choose another`,
      `${port} занят самим роутером; выберите другой`,
    );
  }
  for (const origin of apiOrigins(config.apiOrigins)) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue;
    add(
      'api-origins',
      `must be origins such as https://app.example.com, got ${origin}`,
      `нужны Origin вида https://app.example.com, указано ${origin}`,
    );
  }
  return problems;
}
