import { type Option, SECOND } from './option-types.ts';

/** Options of a router with several processes. */
export const WORKER_OPTIONS = [
  {
    key: 'workers',
    type: 'integer',
    default: 1,
    range: [1, 64],
    words: { auto: 0 },
    group: 'process',
    scope: 'router',
    reload: 'restart',
    doc: {
      en: 'Processes that share the port; auto is one per processor',
      ru: 'Сколько процессов обслуживает порт; auto — по одному на процессор',
    },
  },
  {
    key: 'worker-timeout',
    type: 'duration',
    default: 10 * SECOND,
    range: [SECOND, 600 * SECOND],
    group: 'process',
    scope: 'router',
    reload: 'restart',
    doc: {
      en: 'A worker that does not respond for this time is replaced',
      ru: 'Через это время не отвечающий рабочий процесс заменяется',
    },
  },
] as const satisfies readonly Option[];
