import { type Option, SECOND } from './option-types.ts';

const command = { group: 'control', scope: 'command', reload: 'restart', flagOnly: true } as const;
const detail = { group: 'control', scope: 'daemon', reload: 'restart', flagOnly: true } as const;

/** Commands for the operator on the machine of a running router, and their options. */
export const CONTROL_OPTIONS = [
  {
    key: 'clients',
    type: 'boolean',
    default: false,
    ...command,
    doc: {
      en: 'List the clients; with --json as a JSON array',
      ru: 'Показать клиентов; с --json — массивом JSON',
    },
  },
  {
    key: 'group',
    type: 'text',
    default: null,
    ...detail,
    doc: { en: 'With --clients: only members of this group', ru: 'С --clients: только участники этой группы' },
  },
  {
    key: 'disconnect',
    type: 'text',
    default: null,
    ...command,
    doc: { en: 'Disconnect the client with this id', ru: 'Отключить клиента с этим ID' },
  },
  {
    key: 'reason',
    type: 'text',
    default: null,
    ...detail,
    doc: {
      en: 'With --disconnect: reason that the client receives',
      ru: 'С --disconnect: причина, которую получит клиент',
    },
  },
  {
    key: 'send',
    type: 'text',
    default: null,
    ...command,
    doc: {
      en: 'Send the JSON object that follows to a client id, group:NAME or all',
      ru: 'Отправить следующий JSON-объект клиенту с этим ID, group:ИМЯ или all',
    },
  },
  {
    key: 'request',
    type: 'text',
    default: null,
    ...command,
    doc: {
      en: 'Send the JSON object that follows to a client id, and print its response',
      ru: 'Отправить следующий JSON-объект клиенту с этим ID и показать его ответ',
    },
  },
  {
    key: 'timeout',
    type: 'duration',
    default: 30 * SECOND,
    range: [1, 600 * SECOND],
    ...detail,
    doc: { en: 'With --request: longest time to wait', ru: 'С --request: сколько ждать ответа' },
  },
  {
    key: 'payload',
    type: 'text',
    default: null,
    ...detail,
    hidden: true,
    doc: { en: 'JSON object of --send and --request', ru: 'JSON-объект для --send и --request' },
  },
] as const satisfies readonly Option[];
