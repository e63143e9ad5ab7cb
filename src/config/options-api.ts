import type { Option } from './option-types.ts';

/** Options of the HTTP API. */
export const API_OPTIONS = [
  {
    key: 'api',
    type: 'boolean',
    default: false,
    group: 'api',
    scope: 'router',
    reload: 'restart',
    doc: {
      en: 'Serve the HTTP API, which lists clients, sends messages to them and calls them',
      ru: 'Включить HTTP API: список клиентов, отправка им сообщений и вызовы',
    },
  },
  {
    key: 'api-host',
    type: 'host',
    default: '127.0.0.1',
    group: 'api',
    scope: 'router',
    reload: 'restart',
    doc: {
      en: 'Address of the HTTP API; any but loopback requires --api-tokens-file, and uses the certificate of --tls-cert',
      ru: 'Адрес HTTP API; любому, кроме loopback, нужен --api-tokens-file, и он использует сертификат --tls-cert',
    },
  },
  {
    key: 'api-port',
    type: 'integer',
    default: 9091,
    range: [1, 65535],
    special: 0,
    group: 'api',
    scope: 'router',
    reload: 'restart',
    doc: { en: 'Port of the HTTP API; 0 picks a free one', ru: 'Порт HTTP API; 0 — любой свободный' },
  },
  {
    key: 'api-tokens-file',
    type: 'path',
    default: null,
    group: 'api',
    scope: 'router',
    reload: 'live',
    doc: {
      en: 'Tokens of the HTTP API, one "name: read token" or "name: write token" per line; SIGHUP reloads it',
      ru: 'Токены HTTP API, строки вида «имя: read токен» или «имя: write токен»; SIGHUP перечитывает файл',
    },
  },
  {
    key: 'api-insecure',
    type: 'boolean',
    default: false,
    group: 'api',
    scope: 'router',
    reload: 'restart',
    doc: {
      en: 'Allow the HTTP API beyond loopback without TLS, for instance behind a proxy that adds it',
      ru: 'Разрешить HTTP API за пределами loopback без TLS, например за прокси, который его добавляет',
    },
  },
  {
    key: 'api-origins',
    type: 'text',
    default: null,
    group: 'api',
    scope: 'router',
    reload: 'restart',
    doc: {
      en: 'Origins of web pages that may call the HTTP API, separated by commas',
      ru: 'Origin веб-страниц, которым можно вызывать HTTP API, через запятую',
    },
  },
] as const satisfies readonly Option[];
