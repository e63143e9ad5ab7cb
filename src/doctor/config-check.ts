import { statSync } from 'node:fs';
import { defineMessages } from '../text/index.ts';
import { type Check, type DoctorWorld, type Finding, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  valid: { en: 'Valid; {count} options set: {keys}', ru: 'Верна; задано опций: {count}: {keys}' },
  defaults: { en: 'Valid; all options have their defaults', ru: 'Верна; все опции по умолчанию' },
  writable: {
    en: '{path} may be written by everybody',
    ru: '{path} может изменить кто угодно',
  },
  chmod: { en: 'chmod go-w {path}', ru: 'chmod go-w {path}' },
  node: { en: 'Node.js {version}', ru: 'Node.js {version}' },
  oldNode: { en: 'Node.js {version} is too old', ru: 'Node.js {version} слишком старый' },
  newerNode: { en: 'Install Node.js 20.19 or newer', ru: 'Установите Node.js 20.19 или новее' },
  openHost: {
    en: 'Port {port} is open to everybody who reaches {host}: without {missing}',
    ru: 'Порт {port} открыт всем, кому доступен {host}: без {missing}',
  },
  closeHost: {
    en: 'Set tls-cert, tls-key and auth-tokens-file, or --host 127.0.0.1',
    ru: 'Задайте tls-cert, tls-key и auth-tokens-file или --host 127.0.0.1',
  },
  guarded: {
    en: 'Guarded by TLS and tokens, or loopback only',
    ru: 'Защищён TLS и токенами или доступен только локально',
  },
  openMetrics: {
    en: 'Metrics and the status page are open to everybody who reaches {host}',
    ru: 'Метрики и страница статуса открыты всем, кому доступен {host}',
  },
  closeMetrics: {
    en: 'Set --metrics-host 127.0.0.1, or guard the port',
    ru: 'Задайте --metrics-host 127.0.0.1 или закройте порт',
  },
});

const OTHERS_MAY_WRITE = 0o022;
/** Options of the command itself. */
const ASIDE: ReadonlySet<string> = new Set(['doctor', 'json', 'lang', 'options-file', 'base-folder']);
const LEAST_NODE = [20, 19] as const;

/** The configuration was read before any check: wrong ones end with exit code 2 and their problems. */
export const configCheck: Check = {
  name: 'config',
  look({ config, sources, lang }) {
    const say = messages(lang);
    const keys = [...sources.keys()].filter((key) => !ASIDE.has(key));
    const findings = [
      keys.length === 0 ? ok(say('defaults')) : ok(say('valid', { count: keys.length, keys: keys.join(', ') })),
    ];
    const mode = config.config === null ? undefined : statSync(config.config, { throwIfNoEntry: false })?.mode;
    if (config.config !== null && mode !== undefined && (mode & OTHERS_MAY_WRITE) !== 0) {
      findings.push(fail(say('writable', { path: config.config }), say('chmod', { path: config.config })));
    }
    return findings;
  },
};

export const nodeCheck: Check = {
  name: 'node',
  look({ lang }) {
    const say = messages(lang);
    const { version } = process;
    const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
    const isOld = major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1]);
    return [isOld ? fail(say('oldNode', { version }), say('newerNode')) : ok(say('node', { version }))];
  },
};

/** Who can reach what. */
export const exposureCheck: Check = {
  name: 'exposure',
  look(world) {
    const say = messages(world.lang);
    const findings = [...openPort(world), ...openMetrics(world)];
    return findings.length > 0 ? findings : [ok(say('guarded'))];
  },
};

function openPort({ config, lang }: DoctorWorld): Finding[] {
  const { host, port, tlsCert, authTokensFile, tlsClientCa } = config;
  if (isLoopback(host)) return [];
  const missing = [tlsCert === null ? ['TLS'] : [], authTokensFile === null && tlsClientCa === null ? ['tokens'] : []];
  const listed = missing.flat().join(', ');
  if (listed === '') return [];
  const say = messages(lang);
  return [warn(say('openHost', { port, host, missing: listed }), say('closeHost'))];
}

function openMetrics({ config, lang }: DoctorWorld): Finding[] {
  if (!config.metrics || isLoopback(config.metricsHost)) return [];
  const say = messages(lang);
  return [warn(say('openMetrics', { host: config.metricsHost }), say('closeMetrics'))];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
