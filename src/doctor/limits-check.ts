import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { openFilesLimit, openFilesNeeded } from '../host/index.ts';
import { defineMessages, formatBytes } from '../text/index.ts';
import { type Check, fail, ok, warn } from './finding.ts';

const messages = defineMessages({
  enough: {
    en: '{limit} open files, enough for {max} connections',
    ru: 'Открытых файлов {limit}: хватит на {max} соединений',
  },
  tooFew: {
    en: '{limit} open files, too few for {max} connections',
    ru: 'Открытых файлов {limit}: мало для {max} соединений',
  },
  raise: {
    en: 'Set LimitNOFILE={needed} in the service or ulimit -n {needed} before the start; sudo bash scripts/install-production.sh --tune does both',
    ru: 'Задайте LimitNOFILE={needed} в сервисе или ulimit -n {needed} перед запуском; sudo bash scripts/install-production.sh --tune сделает и то и другое',
  },
  unknown: { en: 'The kernel does not show the limit of open files', ru: 'Ядро не показывает предел открытых файлов' },
  memory: {
    en: '{limit} for the router, {total} on this machine, {free} free',
    ru: 'Роутеру {limit}, на машине {total}, свободно {free}',
  },
  littleMemory: {
    en: 'max-memory {limit} does not fit the {total} of this machine',
    ru: 'max-memory {limit} не умещается в {total} этой машины',
  },
  lessMemory: {
    en: 'Lower --max-memory, or give the machine more: without it the kernel ends the router first',
    ru: 'Уменьшите --max-memory или добавьте памяти: иначе ядро завершит роутер раньше',
  },
  sysctl: { en: '{name} is {value}', ru: '{name} = {value}' },
  tune: {
    en: 'sudo sysctl -w {name}={wanted}; to keep it: sudo bash scripts/install-production.sh --tune',
    ru: 'sudo sysctl -w {name}={wanted}; чтобы сохранить: sudo bash scripts/install-production.sh --tune',
  },
});

const MAX_MEMORY_SHARE = 0.9;
/** What deploy/host/sysctl.conf sets. */
const BACKLOG_TARGET = 65_536;
const BACKLOG_SYSCTLS = ['net.core.somaxconn', 'net.ipv4.tcp_max_syn_backlog'] as const;

/** The limit of the router where one runs, else of who asks. */
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

/** Connections that may wait to be accepted: all clients come at once after a restart. */
export const sysctlCheck: Check = {
  name: 'sysctl',
  run({ config, status, procFolder, lang }) {
    const t = messages(lang);
    const wanted = Math.min(BACKLOG_TARGET, status?.connections.max ?? config.maxConnections);
    return BACKLOG_SYSCTLS.flatMap((name) => {
      const text = readText(join(procFolder, 'sys', ...name.split('.')));
      if (text === null) return []; // in a container it may not be shown
      const value = Number(text);
      const said = t('sysctl', { name, value });
      return [value >= wanted ? ok(said) : warn(said, t('tune', { name, wanted: BACKLOG_TARGET }))];
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
