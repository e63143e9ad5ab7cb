import { statSync } from 'node:fs';
import { defineMessages } from '../text/index.ts';
import { type Check, type DoctorContext, type Finding, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  valid: {
    en: 'Valid; {count} {count:option|options} set: {keys}',
    ru: 'Конфигурация верна; задано опций: {count} ({keys})',
  },
  defaults: { en: 'Valid; all options have their defaults', ru: 'Конфигурация верна; все опции по умолчанию' },
  writable: {
    en: '{path} is writable by other users',
    ru: '{path} доступен для записи другим пользователям',
  },
  chmod: { en: 'chmod go-w {path}', ru: 'chmod go-w {path}' },
  node: { en: 'Node.js {version}', ru: 'Node.js {version}' },
  oldNode: { en: 'Node.js {version} is too old', ru: 'Node.js {version} слишком старый' },
  newerNode: { en: 'Install Node.js 20.19 or newer', ru: 'Установите Node.js 20.19 или новее' },
  openHost: {
    en: 'Port {port} on {host} is unprotected: no {missing}',
    ru: 'Порт {port} на {host} не защищён: нет {missing}',
  },
  closeHost: {
    en: 'Set tls-cert, tls-key and auth-tokens-file, or --host 127.0.0.1',
    ru: 'Задайте tls-cert, tls-key и auth-tokens-file или --host 127.0.0.1',
  },
  protected: {
    en: 'Protected by TLS and authentication, or loopback only',
    ru: 'Порты защищены TLS и аутентификацией или доступны только локально',
  },
  openMetrics: {
    en: 'Metrics and the status page on {host} are unprotected',
    ru: 'Метрики и страница статуса на {host} не защищены',
  },
  closeMetrics: {
    en: 'Set --metrics-host 127.0.0.1, or restrict the port with a firewall',
    ru: 'Задайте --metrics-host 127.0.0.1 или ограничьте доступ к порту межсетевым экраном',
  },
});

const GROUP_OR_OTHERS_WRITE = 0o022;
/** Options of this command, not of the router. */
const COMMAND_OPTIONS: ReadonlySet<string> = new Set(['doctor', 'json', 'lang', 'options-file', 'base-folder']);
const MIN_NODE = [20, 19] as const;

/** The configuration is valid here: an invalid one exits with code 2 before any check runs. */
export const configCheck: Check = {
  name: 'config',
  run({ config, sources, lang }) {
    const t = messages(lang);
    const keys = [...sources.keys()].filter((key) => !COMMAND_OPTIONS.has(key));
    const findings = [
      keys.length === 0 ? ok(t('defaults')) : ok(t('valid', { count: keys.length, keys: keys.join(', ') })),
    ];
    const mode = config.config === null ? undefined : statSync(config.config, { throwIfNoEntry: false })?.mode;
    if (config.config !== null && mode !== undefined && (mode & GROUP_OR_OTHERS_WRITE) !== 0) {
      findings.push(fail(t('writable', { path: config.config }), t('chmod', { path: config.config })));
    }
    return findings;
  },
};

export const nodeCheck: Check = {
  name: 'node',
  run({ lang }) {
    const t = messages(lang);
    const { version } = process;
    const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
    const isOld = major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1]);
    return [isOld ? fail(t('oldNode', { version }), t('newerNode')) : ok(t('node', { version }))];
  },
};

/** Network exposure of the ports. */
export const exposureCheck: Check = {
  name: 'exposure',
  run(context) {
    const t = messages(context.lang);
    const findings = [...openPort(context), ...openMetrics(context)];
    return findings.length > 0 ? findings : [ok(t('protected'))];
  },
};

function openPort({ config, lang }: DoctorContext): Finding[] {
  const { host, port, tlsCert, authTokensFile, accessFile, tlsClientCa } = config;
  if (isLoopback(host)) return [];
  const isOpen = authTokensFile === null && accessFile === null && tlsClientCa === null;
  const missing = [tlsCert === null ? ['TLS'] : [], isOpen ? ['tokens'] : []];
  const listed = missing.flat().join(', ');
  if (listed === '') return [];
  const t = messages(lang);
  return [warn(t('openHost', { port, host, missing: listed }), t('closeHost'))];
}

function openMetrics({ config, lang }: DoctorContext): Finding[] {
  if (!config.metrics || isLoopback(config.metricsHost)) return [];
  const t = messages(lang);
  return [warn(t('openMetrics', { host: config.metricsHost }), t('closeMetrics'))];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
