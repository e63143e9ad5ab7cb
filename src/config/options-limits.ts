import type { Option } from './option-types.ts';
import { DAY, KIB, MIB, SECOND } from './units.ts';

const limit = { group: 'limits', scope: 'router' } as const;

/** What the router bounds so that no client costs the others anything. */
export const LIMIT_OPTIONS = [
  {
    key: 'max-connections',
    type: 'integer',
    default: 1000,
    range: [1, 1_000_000],
    ...limit,
    reload: 'live',
    doc: {
      en: 'Connections at a time; more are refused at once. Lowered by a reload, the newest excess ones are closed',
      ru: 'Соединений одновременно; лишние отклоняются сразу. При уменьшении через reload закрываются самые новые лишние',
    },
  },
  {
    key: 'max-message-bytes',
    type: 'bytes',
    default: 4 * MIB,
    range: [1024, 1024 * MIB],
    ...limit,
    reload: 'restart',
    doc: {
      en: 'Largest message; beyond it that stream ends with RESOURCE_EXHAUSTED',
      ru: 'Наибольшее сообщение; сверх того поток завершается с RESOURCE_EXHAUSTED',
    },
  },
  {
    key: 'max-header-bytes',
    type: 'bytes',
    default: 16 * KIB,
    range: [4 * KIB, MIB],
    ...limit,
    reload: 'restart',
    doc: {
      en: 'Headers of one call, 32 bytes for each besides; beyond it the call ends with RESOURCE_EXHAUSTED',
      ru: 'Заголовки одного вызова, плюс 32 байта на каждый; сверх того вызов завершается с RESOURCE_EXHAUSTED',
    },
  },
  {
    key: 'max-send-queue-bytes',
    type: 'bytes',
    default: 4 * MIB,
    range: [1024, 1024 * MIB],
    ...limit,
    reload: 'live',
    doc: {
      en: 'Unsent bytes per client; a slower reader is disconnected',
      ru: 'Неотправленных байт на клиента; более медленный читатель отключается',
    },
  },
  {
    key: 'max-buffer-bytes',
    type: 'bytes',
    default: 256 * MIB,
    range: [MIB, 65536 * MIB],
    ...limit,
    reload: 'live',
    doc: {
      en: 'Unsent and half-received bytes of all clients together; beyond it the slowest readers are disconnected',
      ru: 'Неотправленных и недополученных байт всех клиентов вместе; сверх того отключаются самые медленные читатели',
    },
  },
  {
    key: 'write-deadline',
    type: 'duration',
    default: 10 * SECOND,
    range: [50, DAY],
    ...limit,
    reload: 'live',
    doc: {
      en: 'Age of the oldest unsent message at which its reader is disconnected',
      ru: 'Возраст самого старого неотправленного сообщения, при котором читатель отключается',
    },
  },
  {
    key: 'max-clients-per-connection',
    type: 'integer',
    default: 100,
    range: [1, 100_000],
    ...limit,
    reload: 'live',
    doc: { en: 'Clients that may register on one connection', ru: 'Клиентов на одном соединении' },
  },
  {
    key: 'max-groups',
    type: 'integer',
    default: 64,
    range: [0, 10_000],
    ...limit,
    reload: 'live',
    doc: { en: 'Groups per client', ru: 'Групп у одного клиента' },
  },
  {
    key: 'max-resets-per-second',
    type: 'integer',
    default: 500,
    range: [1, 1_000_000],
    ...limit,
    reload: 'restart',
    doc: {
      en: 'Calls that one connection may cancel a second (a thousand at once), unless most of its calls go through; beyond it the connection is ended',
      ru: 'Вызовов, которые одно соединение может отменять в секунду (сразу — тысячу), если отменяется большинство; сверх того соединение завершается',
    },
  },
  {
    key: 'max-pending-requests',
    type: 'integer',
    default: 1000,
    range: [1, 1_000_000],
    ...limit,
    reload: 'live',
    doc: { en: 'Unanswered requests per client', ru: 'Запросов без ответа на клиента' },
  },
  {
    key: 'client-timeout',
    type: 'duration',
    default: 300 * SECOND,
    range: [100, 365 * DAY],
    ...limit,
    reload: 'live',
    doc: { en: 'Silence after which a client is disconnected', ru: 'Молчание, после которого клиент отключается' },
  },
  {
    key: 'health-check',
    type: 'boolean',
    default: true,
    ...limit,
    reload: 'live',
    doc: {
      en: 'Look after silent clients; --no-health-check leaves them alone',
      ru: 'Следить за молчащими клиентами; --no-health-check отключает',
    },
  },
  {
    key: 'health-check-interval',
    type: 'duration',
    default: 30 * SECOND,
    range: [50, DAY],
    ...limit,
    reload: 'live',
    doc: { en: 'Time between health checks', ru: 'Интервал проверок клиентов' },
  },
] as const satisfies readonly Option[];
