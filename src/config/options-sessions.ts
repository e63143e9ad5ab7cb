import { DAY, KIB, MIB, type Option, SECOND } from './option-types.ts';

const session = { group: 'limits', scope: 'router' } as const;

/** Sessions that outlive a lost connection. */
export const SESSION_OPTIONS = [
  {
    key: 'session-window',
    type: 'duration',
    default: 60 * SECOND,
    range: [0, DAY],
    ...session,
    reload: 'live',
    doc: {
      en: 'How long a session is kept without a connection; 0 turns sessions off',
      ru: 'Сколько сессия хранится без соединения; 0 отключает сессии',
    },
  },
  {
    key: 'session-buffer-bytes',
    type: 'bytes',
    default: MIB,
    range: [4 * KIB, 1024 * MIB],
    ...session,
    reload: 'live',
    doc: {
      en: 'Unacknowledged messages kept for each session, as part of max-buffer-bytes; beyond it the oldest are lost',
      ru: 'Неподтверждённых сообщений на сессию, в счёт max-buffer-bytes; сверх того теряются самые старые',
    },
  },
  {
    key: 'session-key-file',
    type: 'path',
    default: null,
    group: 'security',
    scope: 'router',
    reload: 'restart',
    doc: {
      en: 'File with at least 32 secret bytes that sign session tokens: clients then keep their ids over a restart',
      ru: 'Файл с секретом (не менее 32 байт) для подписи токенов сессий: тогда идентификаторы переживают перезапуск',
    },
  },
] as const satisfies readonly Option[];
