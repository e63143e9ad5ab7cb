import type { Option } from './option-types.ts';

const proxy = { group: 'network', scope: 'router', reload: 'restart' } as const;

/** Proxies in front of the router. */
export const PROXY_OPTIONS = [
  {
    key: 'proxy-protocol',
    type: 'boolean',
    default: false,
    ...proxy,
    doc: {
      en: "Expect a PROXY protocol header (version 1 or 2) on each connection of a trusted proxy, and use the client's address in it",
      ru: 'Ждать заголовок протокола PROXY (версии 1 или 2) в каждом соединении доверенного прокси и брать из него адрес клиента',
    },
  },
  {
    key: 'trusted-proxies',
    type: 'text',
    default: null,
    ...proxy,
    doc: {
      en: 'Addresses and networks of the proxies, separated by commas, such as 10.0.0.5,fd00::/8; by default loopback',
      ru: 'Адреса и сети прокси через запятую, например 10.0.0.5,fd00::/8; по умолчанию loopback',
    },
  },
] as const satisfies readonly Option[];
