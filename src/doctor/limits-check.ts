import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { defineMessages, formatBytes } from '../text/index.ts';
import { type Check, type DoctorWorld, fail, ok, warn } from './finding.ts';

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

/** Descriptors that the process needs besides its connections. */
const OTHER_DESCRIPTORS = 64;
const MOST_OF_MEMORY = 0.9;
/** What deploy/host/sysctl.conf sets. */
const MOST_WAITING = 65_536;
const QUEUES = ['net.core.somaxconn', 'net.ipv4.tcp_max_syn_backlog'] as const;

/** The limit of the router where one runs, else of who asks. */
export const openFilesCheck: Check = {
  name: 'nofile',
  look(world) {
    const say = messages(world.lang);
    const limit = openFilesLimit(world);
    if (limit === null) return [ok(say('unknown'))];
    const max = world.status?.connections.max ?? world.config.maxConnections;
    const needed = max + OTHER_DESCRIPTORS;
    if (limit >= needed) return [ok(say('enough', { limit, max }))];
    return [fail(say('tooFew', { limit, max }), say('raise', { needed: Math.max(needed, MOST_WAITING) }))];
  },
};

function openFilesLimit({ procFolder, daemon }: DoctorWorld): number | null {
  const text = readText(join(procFolder, String(daemon.pid ?? 'self'), 'limits'));
  const limit = /^Max open files\s+(\d+)/m.exec(text ?? '')?.[1];
  return limit === undefined ? null : Number(limit);
}

export const memoryCheck: Check = {
  name: 'memory',
  look({ config, lang }) {
    const say = messages(lang);
    const figures = {
      limit: formatBytes(config.maxMemory, lang),
      total: formatBytes(totalmem(), lang),
      free: formatBytes(freemem(), lang),
    };
    if (config.maxMemory <= totalmem() * MOST_OF_MEMORY) return [ok(say('memory', figures))];
    return [warn(say('littleMemory', figures), say('lessMemory'))];
  },
};

/** Connections that may wait to be accepted: all clients come at once after a restart. */
export const sysctlCheck: Check = {
  name: 'sysctl',
  look({ config, status, procFolder, lang }) {
    const say = messages(lang);
    const wanted = Math.min(MOST_WAITING, status?.connections.max ?? config.maxConnections);
    return QUEUES.flatMap((name) => {
      const text = readText(join(procFolder, 'sys', ...name.split('.')));
      if (text === null) return []; // in a container it may not be shown
      const value = Number(text);
      const said = say('sysctl', { name, value });
      return [value >= wanted ? ok(said) : warn(said, say('tune', { name, wanted: MOST_WAITING }))];
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
