import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { openFilesLimit, openFilesNeeded } from '../host/index.ts';
import { defineMessages, formatBytes } from '../text/index.ts';
import { type Check, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  enough: {
    en: 'Open file limit {limit}: enough for {max} connections',
    ru: 'Предел открытых файлов {limit}: достаточно для {max} соединений',
  },
  tooFew: {
    en: 'Open file limit {limit}: too low for {max} connections',
    ru: 'Предел открытых файлов {limit}: мало для {max} соединений',
  },
  raise: {
    en: 'Set LimitNOFILE={needed} in the service, or run ulimit -n {needed} before the start; sudo bash scripts/install-production.sh --tune does both',
    ru: 'Задайте LimitNOFILE={needed} в сервисе или ulimit -n {needed} перед запуском; sudo bash scripts/install-production.sh --tune сделает и то и другое',
  },
  unknown: { en: 'The open file limit is not readable', ru: 'Предел открытых файлов недоступен для чтения' },
  memory: {
    en: 'Limit {limit}; this host has {total}, {free} free',
    ru: 'Предел {limit}; на машине {total}, свободно {free}',
  },
  littleMemory: {
    en: 'max-memory {limit} exceeds the {total} of this host',
    ru: 'max-memory {limit} больше памяти этой машины ({total})',
  },
  lessMemory: {
    en: 'Lower --max-memory or add memory; otherwise the kernel kills the router first (OOM)',
    ru: 'Уменьшите --max-memory или добавьте памяти; иначе ядро завершит роутер раньше (OOM)',
  },
  sysctl: { en: '{name} is {value}', ru: '{name} = {value}' },
  tune: {
    en: 'sudo sysctl -w {name}={wanted}; to make it permanent: sudo bash scripts/install-production.sh --tune',
    ru: 'sudo sysctl -w {name}={wanted}; чтобы сохранить после перезагрузки: sudo bash scripts/install-production.sh --tune',
  },
});

const MAX_MEMORY_SHARE = 0.9;
/** Value set by deploy/host/sysctl.conf. */
const BACKLOG_TARGET = 65_536;
const BACKLOG_SYSCTLS = ['net.core.somaxconn', 'net.ipv4.tcp_max_syn_backlog'] as const;

/** The open file limit of the running router, otherwise of this process. */
export const openFilesCheck: Check = {
  name: 'nofile',
  run({ lang, config, status, daemon, procFolder }) {
    const t = messages(lang);
    const limit = openFilesLimit(daemon.pid ?? 'self', procFolder);
    if (limit === null) return [ok(t('unknown'))];
    const max = status?.connections.max ?? config.maxConnections;
    const needed = openFilesNeeded(max);
    if (limit >= needed) return [ok(t('enough', { limit, max }))];
    return [fail(t('tooFew', { limit, max }), t('raise', { needed: Math.max(needed, BACKLOG_TARGET) }))];
  },
};

export const memoryCheck: Check = {
  name: 'memory',
  run({ config, lang }) {
    const t = messages(lang);
    const figures = {
      limit: formatBytes(config.maxMemory, lang),
      total: formatBytes(totalmem(), lang),
      free: formatBytes(freemem(), lang),
    };
    if (config.maxMemory <= totalmem() * MAX_MEMORY_SHARE) return [ok(t('memory', figures))];
    return [warn(t('littleMemory', figures), t('lessMemory'))];
  },
};

/** Accept and SYN backlogs: after a restart all clients reconnect at once. */
export const sysctlCheck: Check = {
  name: 'sysctl',
  run({ config, status, procFolder, lang }) {
    const t = messages(lang);
    const wanted = Math.min(BACKLOG_TARGET, status?.connections.max ?? config.maxConnections);
    return BACKLOG_SYSCTLS.flatMap((name) => {
      const content = readText(join(procFolder, 'sys', ...name.split('.')));
      if (content === null) return []; // not visible in some containers
      const value = Number(content);
      const text = t('sysctl', { name, value });
      return [value >= wanted ? ok(text) : warn(text, t('tune', { name, wanted: BACKLOG_TARGET }))];
    });
  },
};

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
